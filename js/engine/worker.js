/** The worker's script: build.mjs bundles it into a text, and client.js makes a worker of that. */

import { serve } from './server.js';

const receive = serve((answer, transfer) => postMessage(answer, { transfer }));
addEventListener('message', ({ data }) => receive(data));
