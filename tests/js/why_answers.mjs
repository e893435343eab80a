/** Answers of js/why.js: reads {tables, questions: [[text, layer], …]}, writes the answers. */
import { readFileSync } from 'node:fs';
import { explain } from '../../js/why.js';

const { tables, questions } = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(questions.map(([text, layer]) => explain(text, layer, tables))));
