/* ONNX Runtime's side of a network row; the protocol is that of net_worker.c.
 *     node peer_ort.js VARIANT MODE NET THREADS NxCxHxW INPUT
 * MODE: forward, load (a session), first (a session and its first run). VARIANT: what its threads do while they wait,
 * spin (its default) or block; choose tells the faster one. */
'use strict';
const fs = require('fs');
const readline = require('readline');
let ort;
try {
    ort = require('onnxruntime-node');
} catch (why) {
    console.log('missing onnxruntime-node');
    process.exit(0);
}
const [variant, mode, net, threads, shape, input] = process.argv.slice(2);
const dims = shape.split('x').map(Number);
const count = dims.reduce((a, b) => a * b, 1);
const bytes = fs.readFileSync(input);
const picture = new ort.Tensor('float32', new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 4 * count)), dims);
const options = (how) => ({
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    extra: {session: {intra_op: {allow_spinning: how === 'block' ? '0' : '1'}}},
});
let session, result;

async function step() {
    const start = process.hrtime.bigint();
    if (mode !== 'forward') {
        if (session)
            await session.release();
        session = await ort.InferenceSession.create(net + '.onnx', options(variant));
    }
    if (mode !== 'load')
        result = (await session.run({[session.inputNames[0]]: picture}))[session.outputNames[0]];
    return Number(process.hrtime.bigint() - start) / 1e6;
}

async function fastest() {
    const medians = {};
    for (const how of mode === 'forward' ? ['spin', 'block'] : ['spin']) {
        session = await ort.InferenceSession.create(net + '.onnx', options(how));
        const times = [];
        for (let i = 0; i < 7 && mode === 'forward'; i++)
            times.push(await step());
        medians[how] = times.slice(2).sort((a, b) => a - b)[2];
        await session.release();
        session = null;
    }
    return medians.block < 0.98 * medians.spin ? 'block' : 'spin';
}

function dump(path) {
    const data = result ? result.data : new Float32Array(0);
    const head = Buffer.alloc(4);
    head.writeUInt32LE(data.length);
    fs.writeFileSync(path, result ? Buffer.concat([head, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]) : '');
}

async function main() {
    if (variant === 'choose') {
        console.log('ready ' + await fastest());
        return;
    }
    if (mode === 'forward')
        session = await ort.InferenceSession.create(net + '.onnx', options(variant));
    console.log('ready ' + variant);
    for await (const line of readline.createInterface({input: process.stdin})) {
        if (line === 'go')
            console.log((await step()).toFixed(4));
        else if (line.startsWith('check ')) {
            dump(line.slice(6));
            console.log('ok');
        }
    }
}
main().catch((why) => console.log('wrong ' + String(why.message).split('\n')[0]));
