// Serves CPU and heap profiles of this process at Go's paths; prints the address, exits with its input.
'use strict';
const http = require('node:http');
const crypto = require('node:crypto');
const pprof = require('@datadog/pprof');

const kept = [];
function keepMemory() {
  kept.push(new Array(2000).fill({ text: String(Math.random()) }));
  if (kept.length > 200) kept.shift();
}
function hashMuch() {
  let block = Buffer.alloc(4096);
  for (let i = 0; i < 400; i++) block = Buffer.concat([crypto.createHash('sha256').update(block).digest(), block.subarray(32)]);
  return block;
}

pprof.heap.start(64 * 1024, 64);
setInterval(() => { hashMuch(); keepMemory(); }, 20);

const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  try {
    if (url.pathname === '/debug/pprof/profile') {
      const seconds = Number(url.searchParams.get('seconds') ?? 1);
      const profile = await pprof.time.profile({ durationMillis: seconds * 1000, intervalMicros: 5000 });
      response.end(await pprof.encode(profile));
    } else if (url.pathname === '/debug/pprof/heap') {
      response.end(await pprof.encode(await pprof.heap.profile()));
    } else {
      response.writeHead(404).end('no such profile\n');
    }
  } catch (e) {
    response.writeHead(500).end(String(e) + '\n');
  }
});
server.listen(0, '127.0.0.1', () => console.log('127.0.0.1:' + server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
