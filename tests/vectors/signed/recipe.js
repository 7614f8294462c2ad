// Makes the npm-*.http messages of this folder with an implementation that is not ours:
//
//   npm install http-message-signatures@1.0.6 && node recipe.js
//
// The keys are the public test keys of RFC 9421, appendix B.1, and p384.pem (made with
// `openssl ecparam -name secp384r1 -genkey -noout`). The rfc-*.http messages are the cases of
// appendix B.2 with the message of B.2 that each signs; in rfc-b24.http the Content-Digest is the
// one of the signature base (the one printed with the message does not hash its body).
const fs = require('fs')
const crypto = require('crypto')
const { httpbis, createSigner } = require('http-message-signatures')

const body = '{"name":"Fallback A","rank":{"priority":0}}'
const digest = 'sha-256=:' + crypto.createHash('sha256').update(body).digest('base64') + ':'
const url = 'https://gateway.example.com/data/core/dps/offers?offer-type=fallback'
const created = new Date('2026-01-02T03:04:05Z')
const headers = {
  Host: 'gateway.example.com', Authorization: 'Bearer test-token',
  'Content-Type': 'application/json', 'x-api-key': 'client-1', 'x-gw-ims-org-id': 'ORG@AdobeOrg',
  'x-sandbox-name': 'dev', 'Content-Digest': digest, 'Content-Length': String(body.length),
}
const fapi2 = ['@method', '@target-uri', 'authorization', 'content-type', 'content-digest',
  'x-gw-ims-org-id', 'x-sandbox-name']

function write (name, start, fields, text) {
  const lines = Object.entries(fields).map(([n, v]) => n + ': ' + v)
  fs.writeFileSync(name, [start, ...lines, '', text].join('\r\n'))
}

// The library's own RSA-PSS signer takes the longest salt; the RFC wants 64 bytes (section 3.3.1).
function signer (secret, alg, id) {
  const made = createSigner(secret, alg, id)
  if (alg === 'rsa-pss-sha512') {
    made.sign = async data => crypto.createSign('sha512').update(data)
      .sign({ key: secret, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 })
  }
  return made
}

function config (alg, file, fields, tag) {
  const secret = fs.readFileSync('keys/' + file)
  return {
    key: signer(secret, alg, file.replace(/\..*/, '')), name: 'npm', fields,
    params: ['created', 'expires', 'nonce', 'keyid', 'tag'],
    paramValues: { created, expires: new Date(created.getTime() + 300000), nonce: 'n-' + alg, tag },
  }
}

const algs = {
  ed25519: 'ed25519.pem', 'hmac-sha256': 'secret.bin', 'ecdsa-p256-sha256': 'p256.pem',
  'ecdsa-p384-sha384': 'p384.pem', 'rsa-pss-sha512': 'rsa-pss.pem', 'rsa-v1_5-sha256': 'rsa.pem',
}

async function main () {
  for (const [alg, file] of Object.entries(algs)) {
    const request = { method: 'POST', url, headers: { ...headers } }
    const signed = await httpbis.signMessage(config(alg, file, fapi2, 'fapi-2-request'), request)
    write('npm-' + alg + '.http', 'POST /data/core/dps/offers?offer-type=fallback HTTP/1.1',
      signed.headers, body)
  }
  const parts = ['@scheme', '@authority', '@path', '@query', '@query-param;name="offer-type"',
    'x-list', 'x-empty']
  const get = { method: 'GET', url, headers: { Host: 'gateway.example.com', 'x-list': 'a, b', 'x-empty': '' } }
  const read = await httpbis.signMessage(config('ed25519', 'ed25519.pem', parts, 'reads'), get)
  write('npm-parts.http', 'GET /data/core/dps/offers?offer-type=fallback HTTP/1.1', read.headers, '')
  const answer = '{"id":"dps:fallback-offer:1"}'
  const response = { status: 201, headers: {
    'Content-Type': 'application/json', 'Content-Length': String(answer.length),
    'Content-Digest': 'sha-256=:' + crypto.createHash('sha256').update(answer).digest('base64') + ':' } }
  const back = await httpbis.signMessage(config('ed25519', 'ed25519.pem',
    ['@status', 'content-digest', '@method;req', '@target-uri;req', 'content-digest;req'],
    'fapi-2-response'), response, { method: 'POST', url, headers })
  write('npm-response.http', 'HTTP/1.1 201 Created', back.headers, answer)
}
main()
