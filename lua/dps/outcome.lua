-- What the end of a transfer means: the one table that turns every libcurl code and every HTTP
-- status into a kind of error and whether repeating is both safe and likely to help. Holds no text
-- for people and decides no policy: how often, how long and with what words is said elsewhere.

local outcome = {
  CANCELLED = -1, -- taken back by us
  TOO_LARGE = -2, -- the answer went over the ceiling
  REPEAT_REFUSED = -3, -- the connection died once the request had left, and was not tried again
  UNSIGNED = -4, -- the signer could not sign it
}

---@alias dps.sent "no" | "maybe" | "yes"  what may have reached the server

local PASSING = true -- the next try may find it gone

-- Names as in <curl/curl.h> (7.88) without CURLE_. What only other protocols, or options that we
-- never set, can cause is a plain transport failure. What is wrong on this machine (certificates,
-- ciphers, URL) is refused: no server had a say in it.
local CODES = {
  [-4] = { "UNSIGNED", "refused" },
  [-3] = { "REPEAT_REFUSED", "transport", PASSING },
  [-2] = { "TOO_LARGE", "limit" },
  [-1] = { "CANCELLED", "cancelled" },
  { "UNSUPPORTED_PROTOCOL", "refused" },
  { "FAILED_INIT", "limit" },
  { "URL_MALFORMAT", "refused" },
  { "NOT_BUILT_IN", "refused" },
  { "COULDNT_RESOLVE_PROXY", "transport", PASSING },
  { "COULDNT_RESOLVE_HOST", "transport", PASSING },
  { "COULDNT_CONNECT", "transport", PASSING },
  { "WEIRD_SERVER_REPLY", "decode" },
  { "REMOTE_ACCESS_DENIED", "transport" },
  { "FTP_ACCEPT_FAILED", "transport" },
  { "FTP_WEIRD_PASS_REPLY", "transport" },
  { "FTP_ACCEPT_TIMEOUT", "timeout" },
  { "FTP_WEIRD_PASV_REPLY", "transport" },
  { "FTP_WEIRD_227_FORMAT", "transport" },
  { "FTP_CANT_GET_HOST", "transport" },
  { "HTTP2", "transport", PASSING },
  { "FTP_COULDNT_SET_TYPE", "transport" },
  { "PARTIAL_FILE", "transport", PASSING },
  { "FTP_COULDNT_RETR_FILE", "transport" },
  { "OBSOLETE20", "transport" },
  { "QUOTE_ERROR", "transport" },
  { "HTTP_RETURNED_ERROR", "http" },
  { "WRITE_ERROR", "limit" },
  { "OBSOLETE24", "transport" },
  { "UPLOAD_FAILED", "transport" },
  { "READ_ERROR", "transport" },
  { "OUT_OF_MEMORY", "limit" },
  { "OPERATION_TIMEDOUT", "timeout", PASSING },
  { "OBSOLETE29", "transport" },
  { "FTP_PORT_FAILED", "transport" },
  { "FTP_COULDNT_USE_REST", "transport" },
  { "OBSOLETE32", "transport" },
  { "RANGE_ERROR", "transport" },
  { "HTTP_POST_ERROR", "transport" },
  { "SSL_CONNECT_ERROR", "transport", PASSING },
  { "BAD_DOWNLOAD_RESUME", "transport" },
  { "FILE_COULDNT_READ_FILE", "transport" },
  { "LDAP_CANNOT_BIND", "transport" },
  { "LDAP_SEARCH_FAILED", "transport" },
  { "OBSOLETE40", "transport" },
  { "FUNCTION_NOT_FOUND", "transport" },
  { "ABORTED_BY_CALLBACK", "cancelled" },
  { "BAD_FUNCTION_ARGUMENT", "refused" },
  { "OBSOLETE44", "transport" },
  { "INTERFACE_FAILED", "refused" },
  { "OBSOLETE46", "transport" },
  { "TOO_MANY_REDIRECTS", "http" },
  { "UNKNOWN_OPTION", "refused" },
  { "SETOPT_OPTION_SYNTAX", "refused" },
  { "OBSOLETE50", "transport" },
  { "OBSOLETE51", "transport" },
  { "GOT_NOTHING", "transport", PASSING },
  { "SSL_ENGINE_NOTFOUND", "refused" },
  { "SSL_ENGINE_SETFAILED", "refused" },
  { "SEND_ERROR", "transport", PASSING },
  { "RECV_ERROR", "transport", PASSING },
  { "OBSOLETE57", "transport" },
  { "SSL_CERTPROBLEM", "refused" },
  { "SSL_CIPHER", "refused" },
  { "PEER_FAILED_VERIFICATION", "transport" },
  { "BAD_CONTENT_ENCODING", "decode" },
  { "OBSOLETE62", "transport" },
  { "FILESIZE_EXCEEDED", "limit" },
  { "USE_SSL_FAILED", "transport" },
  { "SEND_FAIL_REWIND", "transport", PASSING },
  { "SSL_ENGINE_INITFAILED", "refused" },
  { "LOGIN_DENIED", "auth" },
  { "TFTP_NOTFOUND", "transport" },
  { "TFTP_PERM", "transport" },
  { "REMOTE_DISK_FULL", "transport" },
  { "TFTP_ILLEGAL", "transport" },
  { "TFTP_UNKNOWNID", "transport" },
  { "REMOTE_FILE_EXISTS", "transport" },
  { "TFTP_NOSUCHUSER", "transport" },
  { "OBSOLETE75", "transport" },
  { "OBSOLETE76", "transport" },
  { "SSL_CACERT_BADFILE", "refused" },
  { "REMOTE_FILE_NOT_FOUND", "transport" },
  { "SSH", "transport" },
  { "SSL_SHUTDOWN_FAILED", "transport", PASSING },
  { "AGAIN", "transport", PASSING },
  { "SSL_CRL_BADFILE", "refused" },
  { "SSL_ISSUER_ERROR", "transport" },
  { "FTP_PRET_FAILED", "transport" },
  { "RTSP_CSEQ_ERROR", "transport" },
  { "RTSP_SESSION_ERROR", "transport" },
  { "FTP_BAD_FILE_LIST", "transport" },
  { "CHUNK_FAILED", "transport" },
  { "NO_CONNECTION_AVAILABLE", "transport", PASSING },
  { "SSL_PINNEDPUBKEYNOTMATCH", "transport" },
  { "SSL_INVALIDCERTSTATUS", "transport" },
  { "HTTP2_STREAM", "transport", PASSING },
  { "RECURSIVE_API_CALL", "refused" },
  { "AUTH_ERROR", "auth" },
  { "HTTP3", "transport", PASSING },
  { "QUIC_CONNECT_ERROR", "transport", PASSING },
  { "PROXY", "transport" },
  { "SSL_CLIENTCERT", "refused" },
  { "UNRECOVERABLE_POLL", "transport" },
}

-- Failures that leave a write's fate open: it may have arrived, and no answer says what became of
-- it. A write that was taken back, or whose answer was too large, says so by its own kind.
local SILENT = { transport = true, timeout = true, decode = true, http = true, auth = true }

-- libcurl says of an answer that is not HTTP what it says of a scheme that it does not know.
local UNSUPPORTED_PROTOCOL, WEIRD_SERVER_REPLY = 1, 8

local READS = { GET = true, HEAD = true }

---Whether a request with this method changes nothing.
---@param method string  in upper case
---@return boolean
function outcome.is_read(method)
  return READS[method] or false
end

-- Sending twice does what sending once does (RFC 9110, section 9.2.2). PATCH does not: an RFC 6902
-- operation may append.
local IDEMPOTENT = { GET = true, HEAD = true, PUT = true, DELETE = true }

---Classifies a transfer that ended without an answer.
---@param code integer  a CURLcode other than CURLE_OK, or one of outcome's own
---@param sent dps.sent
---@param method string  in upper case
---@return dps.ErrorKind kind  "unknown" for a write that may have arrived: look before repeating it
---@return boolean retryable  repeating is safe and may help
---@return string name  such as "COULDNT_CONNECT"; "CODE_123" where libcurl is newer than this table
function outcome.of_curl(code, sent, method)
  if code == UNSUPPORTED_PROTOCOL and sent ~= "no" then code = WEIRD_SERVER_REPLY end
  local known = CODES[code] or { ("CODE_%d"):format(code), "transport" }
  local name, kind, passing = known[1], known[2], known[3] or false
  local left = sent ~= "no" or code == outcome.REPEAT_REFUSED
  if left and SILENT[kind] and not READS[method] then return "unknown", false, name end
  return kind, passing, name
end

local function same(kind, retryable)
  return function()
    return kind, retryable
  end
end

local function where_idempotent(kind)
  return function(method)
    return kind, IDEMPOTENT[method] or false
  end
end

-- A lost race (409) was not carried out and may be repeated; a create would be refused again, and
-- so would the delete of what is in use.
local function conflict(method)
  return "conflict", method ~= "POST" and method ~= "DELETE"
end

-- 429 was turned away before it was looked at. A 5xx may have been carried out before it failed.
local STATUSES = {
  [401] = same("auth", false),
  [403] = same("auth", false),
  [408] = where_idempotent "http",
  [409] = conflict,
  [412] = same("conflict", false),
  [429] = same("http", true),
  [500] = where_idempotent "http",
  [502] = where_idempotent "http",
  [503] = where_idempotent "http",
  [504] = where_idempotent "http",
}

---Classifies an answer by its status. Redirects are not followed, so 3xx is a failure like 4xx.
---@param status integer
---@param method string  in upper case
---@return dps.ErrorKind? kind  nil for 2xx: not a failure
---@return boolean? retryable  repeating is safe and may help
function outcome.of_status(status, method)
  if status >= 200 and status <= 299 then return nil end
  local classify = STATUSES[status]
  if not classify then return "http", false end
  return classify(method)
end

return outcome
