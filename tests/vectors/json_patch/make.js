// Makes vectors.jsonl: documents that differ as offers do, and the patch that another program finds
// between them (npm fast-json-patch 3.1.1, compare). Run with node in a folder where it is installed:
//
//   npm install fast-json-patch@3.1.1 && node make.js >vectors.jsonl
//
// With a file of lines {"old":..., "new":..., "patch":...} for an argument it applies each patch with
// that program and says how many give the new document.
const patcher = require('fast-json-patch');
const fs = require('fs');

let seed = 20261125;
const random = n => {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return Math.floor(seed / 65536) % n;
};
const pick = list => list[random(list.length)];
const clone = value => JSON.parse(JSON.stringify(value));

const word = () => pick(['summer', 'winter', 'sale', 'delivery', 'free', 'new', 'a/b', 'c~d', 'Zürich']);
const component = () => pick([
  { type: 'html', format: 'text/html', content: '<b>' + word() + ' ' + word() + '</b>' },
  { type: 'imagelink', format: 'image/png', deliveryURL: 'https://example.com/' + random(99) + '.png' },
]);
const representation = () => ({
  channel: 'https://ns.adobe.com/xdm/channel-types/' + pick(['web', 'email']),
  placement: 'dps:offer-placement:' + random(9), components: Array.from({ length: 1 + random(2) }, component),
});
const offer = () => ({
  name: word() + ' ' + random(99), status: pick(['draft', 'approved']), rank: { priority: random(9) },
  representations: Array.from({ length: 1 + random(3) }, representation),
  tags: Array.from({ length: random(6) }, () => 'dps:tag:' + random(20)),
  characteristics: Object.fromEntries(Array.from({ length: random(4) }, () => [word(), word()])),
});

const changes = [
  o => { o.name = word() + ' ' + random(99); },
  o => { o.description = word(); },
  o => { delete o.status; },
  o => { o.rank.priority = random(9); },
  o => { o.rank = null; },
  o => { o.tags.splice(random(o.tags.length + 1), random(2), ...(random(2) ? ['dps:tag:' + random(20)] : [])); },
  o => { o.representations.splice(random(o.representations.length + 1), random(2), representation()); },
  o => { pick(o.representations.length ? o.representations : [{}]).placement = 'dps:offer-placement:' + random(9); },
  o => { o.characteristics[word()] = word(); },
  o => { delete o.characteristics[word()]; },
];

if (process.argv[2]) {
  let good = 0, all = 0;
  for (const line of fs.readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)) {
    const { old, new: wanted, patch } = JSON.parse(line);
    const made = patcher.applyPatch(clone(old), patch, true).newDocument;
    good += patcher.compare(made, wanted).length === 0 && patcher.compare(wanted, made).length === 0;
    all++;
  }
  console.log(good + ' of ' + all);
} else {
  for (let i = 0; i < 60; i++) {
    const old = offer(), wanted = clone(old);
    for (let n = random(4); n >= 0; n--) if (wanted.rank) pick(changes)(wanted);
    console.log(JSON.stringify({ old, new: wanted, patch: patcher.compare(old, wanted) }));
  }
}
