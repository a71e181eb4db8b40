// Runs M-Lab's JavaScript client (npm: @m-lab/ndt7, with ws) once in each direction; one JSON object on stdout.
// node ndt7_client.cjs MODULES ws|wss HOST:PORT TOKEN
'use strict';
const path = require('path');
const threads = require('worker_threads');

const [modules, protocol, server, token] = process.argv.slice(2);
const sources = path.join(modules, '@m-lab', 'ndt7', 'src');

// What a browser's worker has, and a thread of node's has not.
const around = `
  const threads = require('worker_threads');
  globalThis.self = globalThis;
  globalThis.WebSocket = require(threads.workerData.ws);
  globalThis.postMessage = (message) => threads.parentPort.postMessage(message);
  require('vm').runInThisContext(require('fs').readFileSync(threads.workerData.file, 'utf8'));
  threads.parentPort.on('message', (data) => self.onmessage({data}));
`;

globalThis.Worker = class {
  constructor(file) {
    const workerData = {file, ws: path.join(modules, 'ws')};
    this.thread = new threads.Worker(around, {eval: true, workerData});
    this.thread.on('message', (data) => this.onmessage({data}));
  }
  postMessage(data) {
    this.thread.postMessage(data);
  }
  terminate() {
    this.thread.terminate();
  }
};

const found = {};
const ndt7 = require(path.join(sources, 'ndt7.js'));
ndt7.test({
  protocol,
  server,
  mlabDataPolicyInapplicable: true,
  metadata: {client_name: 'bench', access_token: token},
  downloadworkerfile: path.join(sources, 'ndt7-download-worker.js'),
  uploadworkerfile: path.join(sources, 'ndt7-upload-worker.js'),
}, {
  error: (reason) => { found.error = String(reason); },
  downloadComplete: (data) => { found.download = data; },
  uploadComplete: (data) => { found.upload = data; },
}).then((code) => {
  console.log(JSON.stringify({code, ...found}));
  process.exit(code);
});
