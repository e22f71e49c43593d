// SPDX-License-Identifier: Apache-2.0
// The same as a node script, four pages at once and without a store: peer.mjs URL; for each line of input one poll.
import http from 'node:http';
import readline from 'node:readline';

const url = process.argv[2];
const agent = new http.Agent({keepAlive: true, maxSockets: 4});
const known = new Map();
const rules = [['available', 100], ['available', 50], ['available', 0], ['available', 200], ['available', 201],
  ['available', 202], ['total', 150], ['available', 5], ['available', 300], ['available', 151]];

function fetchPage(number) {
  return new Promise((resolve, reject) => {
    http.get(`${url}?pageNumber=${number}`, {agent, headers: {Accept: 'application/json', otp: '123456'}}, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString())));
      answer.on('error', reject);
    }).on('error', reject);
  });
}

function compare(page) {
  let cards = 0;
  for (const customer of page.details) {
    for (const card of customer.cards) {
      cards++;
      const old = known.get(card.id);
      if (old && old.available === card.availableBalance && old.pending === card.pendingBalance &&
          old.suppressed === card.bSuppressed)
        continue;
      const now = {available: card.availableBalance, pending: card.pendingBalance, total: card.totalBalance,
        suppressed: card.bSuppressed};
      known.set(card.id, now);
      rules.forEach(([field, limit], i) => {
        if (now[field] < limit)
          console.error('alert', i, card.id);
      });
    }
  }
  return cards;
}

async function poll() {
  const first = await fetchPage(1);
  let cards = compare(first), next = 2;
  const lane = async () => {
    while (next <= first.numberOfPages)
      cards += compare(await fetchPage(next++));
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return cards;
}

for await (const _ of readline.createInterface({input: process.stdin}))
  console.log('done', await poll());
process.exit(0);
