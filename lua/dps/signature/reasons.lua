-- The closed list of reasons why a signature is not accepted (src/sign_fault.h), each with what to
-- do about it. A word of this list stays the same; programs may act on it. Pure data.

local reasons = {}

---Why a signature was not accepted: `err.reason`.
---@alias dps.SignatureReason
---| "missing"             # no signature, or none of the wanted label
---| "tag"                 # no signature with the wanted tag
---| "malformed"           # Signature-Input, Signature or a covered field can't be read
---| "parameter-missing"   # a parameter that the policy demands
---| "component-missing"   # a component that the policy demands is not covered
---| "component-absent"    # covered, and the message does not have it
---| "component-invalid"   # covered twice, unknown, or a value that can't be
---| "unknown-key"         # no key of that keyid
---| "alg"                 # the alg parameter is not the key's algorithm
---| "not-yet-valid"       # created lies in the future
---| "expired"             # past expires, or older than the window
---| "bad-signature"       # the bytes do not verify
---| "digest-mismatch"     # Content-Digest is not the body's
---| "digest-unsupported"  # Content-Digest has no algorithm that is known
---| "replay"              # this nonce was seen before

---What to do about each.
---@type table<dps.SignatureReason, string>
reasons.hints = {
  ["missing"] = "have the sender sign its messages: Signature-Input and Signature must both be"
    .. " there, with the same label",
  ["tag"] = "have the sender put that tag into its signature's parameters",
  ["malformed"] = "compare the header with RFC 9421, sections 4.1 and 4.2: labels, an inner list,"
    .. " base64 between colons",
  ["parameter-missing"] = "have the sender add this parameter to what it signs",
  ["component-missing"] = "have the sender cover this component, or demand less",
  ["component-absent"] = "look for whoever removes this header on the way, or whoever signs what"
    .. " is not sent",
  ["component-invalid"] = "compare the covered components with RFC 9421, section 2",
  ["unknown-key"] = "give the key of this keyid, or have the sender name the right one",
  ["alg"] = "the algorithm belongs to the key: have the sender use that one, or leave alg out",
  ["not-yet-valid"] = "compare the clocks of both sides",
  ["expired"] = "send it again; if it was sent just now, compare the clocks of both sides",
  ["bad-signature"] = "something that is covered was changed on the way, or another key signed:"
    .. " dps verify shows it line by line",
  ["digest-mismatch"] = "the body was changed on the way, often by writing its JSON anew: sign and"
    .. " send the same bytes",
  ["digest-unsupported"] = "have the sender use sha-256 or sha-512",
  ["replay"] = "the same message came before: have the sender sign each one anew",
}

return reasons
