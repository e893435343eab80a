/** Read options, one JSON object a line, and print what ledger.js says of each, one JSON line each. */
import { readFileSync } from 'node:fs';
import { costs, ledger } from '../../js/ledger.js';
import { codeLine, effect, headline, why } from '../../js/ledger_words.js';

for (const line of readFileSync(0, 'utf8').trim().split('\n')) {
  const options = JSON.parse(line);
  const result = ledger(options);
  const repairs = costs(options);
  const chosen = repairs.find(({ repair }) => repair === options.repair);
  console.log(
    JSON.stringify({
      ledger: result,
      costs: repairs,
      headline: headline(options, result).join(' '),
      effects: repairs.map((cost) => effect(options, cost)),
      sentences: [why(options, result, chosen), codeLine(options)],
    }),
  );
}
