// node make.mjs FOLDER: writes FOLDER/npm-*.http, signed by npm's http-message-signatures with the test
// keys of RFC 9421 (../rfc9421/keys) and ../keys/p384.pem, and the signature base of each beside it.
import { createSigner, httpbis } from 'http-message-signatures';
import { constants, createSign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const here = new URL('.', import.meta.url).pathname;
const read = (name) => readFileSync(`${here}../${name}`);
const folder = process.argv[2] ?? here;

// Node's own salt is as long as it can be; RFC 9421, section 3.3.1, has 64 bytes.
const pss = (key) => ({
  alg: 'rsa-pss-sha512',
  sign: async (data) => createSign('sha512').update(data)
    .sign({ key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 }),
});
const key = {
  'ed25519': createSigner(read('rfc9421/keys/test-key-ed25519.private.pem'), 'ed25519', 'test-key-ed25519'),
  'hmac-sha256': createSigner(read('rfc9421/keys/test-shared-secret.secret'), 'hmac-sha256', 'test-shared-secret'),
  'ecdsa-p256-sha256': createSigner(read('rfc9421/keys/test-key-ecc-p256.private.pem'), 'ecdsa-p256-sha256', 'test-key-ecc-p256'),
  'ecdsa-p384-sha384': createSigner(read('keys/p384.pem'), 'ecdsa-p384-sha384', 'p384'),
  'rsa-pss-sha512': { ...pss(read('rfc9421/keys/test-key-rsa.private.pem')), id: 'test-key-rsa' },
  'rsa-v1_5-sha256': createSigner(read('rfc9421/keys/test-key-rsa.private.pem'), 'rsa-v1_5-sha256', 'test-key-rsa'),
};

const request = {
  method: 'POST',
  url: 'https://gateway.example.com/data/core/dps/offers?offer-type=fallback&name=a%20b',
  headers: {
    'Host': 'gateway.example.com',
    'Content-Type': 'application/json',
    'X-Two': ['one', 'two, three'],
    'X-Dict': 'a=1, b=2;x=1;y=2, c=(a b c), d',
    'Content-Digest': 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
  },
};
const response = {
  status: 201,
  headers: { 'Content-Type': 'application/json', 'Location': '/offers/1' },
};
const everything = ['@method', '@target-uri', '@authority', '@scheme', '@path', '@query',
  '@query-param;name="name"', 'content-type', 'x-two', 'x-two;bs', 'x-dict;key="b"', 'content-digest'];
const params = ['created', 'expires', 'nonce', 'keyid', 'alg', 'tag'];
const paramValues = { created: new Date(1700000000e3), expires: new Date(1700000300e3), nonce: 'n\\"once', tag: 'interop' };

const lines = (headers) => Object.entries(headers)
  .flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}\n`)).join('');

async function make(name, alg, fields, message, start, body, req) {
  let base;
  const signer = { ...key[alg], sign: async (data) => ((base = data), key[alg].sign(data)) };
  const signed = await httpbis.signMessage({ key: signer, fields, params, paramValues, name: 'sig' }, message, req);
  writeFileSync(`${folder}/npm-${name}.http`, `${start}\n${lines(signed.headers)}\n${body}`);
  writeFileSync(`${folder}/npm-${name}.base`, base);
}

const target = request.url.slice('https://gateway.example.com'.length);
for (const alg in key)
  await make(alg, alg, everything, request, `POST ${target} HTTP/1.1`, '{"hello": "world"}');
await make('response', 'ed25519',
  ['@status', 'content-type', 'location', '@method;req', '@path;req', 'content-digest;req'],
  response, 'HTTP/1.1 201 Created', '', request);
writeFileSync(`${folder}/npm-response-request.http`, `POST ${target} HTTP/1.1\n${lines(request.headers)}\n{"hello": "world"}`);
