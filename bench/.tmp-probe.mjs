import * as ort from "onnxruntime-node";
import {readdirSync} from "node:fs";
const dir='/tmp/km/node/'; const n=100000,d=512,m=256;
for (const B of [512,1024,2048]) for (const f of readdirSync(dir).filter(f=>f.endsWith('.onnx'))) {
  const s=await ort.InferenceSession.create(dir+f,{intraOpNumThreads:2});
  const x = f.startsWith('u8')? new Uint8Array(n*d): f.startsWith('s8')? new Int8Array(n*d): new Float32Array(n*d);
  for(let i=0;i<x.length;i++) x[i]= f.startsWith('f')? (i*2654435761>>>0)/2**32-.5 : (i*2654435761>>>0)%120;
  const w = f.startsWith('f')? new ort.Tensor('float32',Float32Array.from({length:m*d},(_,i)=>Math.sin(i)),[m,d]) : new ort.Tensor('int8',Int8Array.from({length:m*d},(_,i)=>Math.sin(i)*127),[d,m]);
  const type=f.startsWith('u8')?'uint8':f.startsWith('s8')?'int8':'float32';
  const k=new ort.Tensor('int64',BigInt64Array.of(2n),[1]);
  const t=[];
  for(let r=0;r<4;r++){const t0=performance.now();
    for(let a=0;a+B<=n;a+=B){const feeds={x:new ort.Tensor(type,x.subarray(a*d,(a+B)*d),[B,d]),w}; if(s.inputNames.includes('k'))feeds.k=k; await s.run(feeds);}
    t.push(Math.round(performance.now()-t0));}
  console.log(B,f,t.join(' '));
  await s.release();
}
