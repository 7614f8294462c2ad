// node check.mjs FILE.http...: verifies signed requests by npm's http-message-signatures, and that each is
// refused with another path.
import { createVerifier, httpbis } from 'http-message-signatures';
import { readFileSync } from 'node:fs';

const here = new URL('.', import.meta.url).pathname;
const files = {
  'test-key-ed25519': 'rfc9421/keys/test-key-ed25519.public.pem',
  'test-shared-secret': 'rfc9421/keys/test-shared-secret.secret',
  'test-key-ecc-p256': 'rfc9421/keys/test-key-ecc-p256.public.pem',
  'test-key-rsa': 'rfc9421/keys/test-key-rsa.public.pem',
  'p384': 'keys/p384.pub.pem',
};

const keyLookup = ({ keyid, alg }) => ({
  id: keyid, algs: [alg], verify: createVerifier(readFileSync(`${here}../${files[keyid]}`), alg),
});

function parse(text) {
  const [head] = text.split('\n\n');
  const [start, ...rest] = head.split('\n');
  const [method, target] = start.split(' ');
  const headers = {};
  for (const line of rest) {
    const [, name, value] = line.match(/^([^:]+): ?(.*)$/);
    headers[name] = headers[name] === undefined ? value : [headers[name], value].flat();
  }
  return { method, url: `https://${headers.Host}${target}`, headers };
}

let bad = 0;
for (const file of process.argv.slice(2)) {
  const message = parse(readFileSync(file, 'latin1'));
  const verify = async (what) => httpbis.verifyMessage({ keyLookup, all: true, notAfter: 1700000000, tolerance: 1e9 }, what).catch((e) => e);
  const good = await verify(message);
  const changed = await verify({ ...message, url: message.url.replace('/offers', '/others') });
  if (good !== true || changed === true) bad++;
  console.log(`${file}: ${good}; changed: ${changed}`);
}
process.exit(bad ? 1 : 0);
