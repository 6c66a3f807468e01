import { startStack } from './stack.ts'
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { Client } from 'minio'
import { Readable } from 'node:stream'
import { readFileSync, rmSync } from 'node:fs'
const dataDir='/tmp/ddb'; rmSync(dataDir,{recursive:true,force:true})
const secrets={postgresPassword:'pw',s3AccessKey:'AK',s3SecretKey:'SECRETSECRET',eventStoreUser:'admin',eventStorePassword:'ep',natsToken:'tok-en'}
const s=await startStack({dataDir,provide:{eventStore:true,database:false,bus:false,objects:true},secrets,paths:{},log:l=>console.log(l.msg)})
const time=async(name:string,n:number,f:()=>Promise<unknown>)=>{const t=performance.now();await f();const ms=performance.now()-t;console.log(name,Math.round(ms)+' ms',Math.round(n/ms*1000)+'/s')}
import { spawn } from 'node:child_process'; rmSync('/tmp/dde',{recursive:true,force:true}); const ch=spawn(process.execPath,['--import','tsx','ops/embedded/eventstore/main.ts','--port','15999','--dir','/tmp/dde'],{stdio:['ignore','pipe','inherit']}); await new Promise(r=>ch.stdout.once('data',r)); const es=EventStoreDBClient.connectionString(process.argv[2]==='plain'?'esdb://127.0.0.1:15999?tls=false':s.addresses.EVENTSTORE_URL!)
const ev=()=>jsonEvent({type:'T',data:{x:'y'.repeat(300)}})
await es.appendToStream('w',ev())
await time('append sequential',300,async()=>{for(let i=0;i<300;i++)await es.appendToStream('a',ev())})
await time('append 64',3000,async()=>{let i=0;await Promise.all(Array.from({length:64},async()=>{while(i++<3000)await es.appendToStream('b'+i%64,ev())}))})
await time('batch 500',20000,async()=>{for(let i=0;i<40;i++)await es.appendToStream('c',Array.from({length:500},ev))})
await time('readAll',23000,async()=>{let n=0;for await(const _ of es.readAll())n++;console.log(n)})
await es.dispose();ch.kill('SIGINT');await s.stop();process.exit()
const u=new URL(s.addresses.S3_ENDPOINT!)
const c=new Client({endPoint:u.hostname,port:+u.port,useSSL:false,accessKey:'AK',secretKey:'SECRETSECRET',region:'us-east-1',partSize:16*1024*1024})
await c.makeBucket('bbb')
const rss=()=>readFileSync(`/proc/${s.pids().s3}/status`,'utf8').match(/VmHWM:.*/)![0]
console.log(rss())
await time('put 1200 small, 8 at a time',1200,async()=>{let i=0;await Promise.all(Array.from({length:8},async()=>{for(let k;(k=i++)<1200;)await c.putObject('bbb',`k/${k}`,'x')}))})
await time('list',1200,async()=>{let n=0;for await(const _ of c.listObjectsV2('bbb','',true))n++;console.log(n)})
console.log(rss())
const chunk=Buffer.alloc(1<<20,7)
await time('put 300 MB stream (MB)',300,()=>c.putObject('bbb','big',Readable.from((function*(){for(let i=0;i<300;i++)yield chunk})())))
await time('get 300 MB',300,async()=>{let n=0;for await(const b of await c.getObject('bbb','big'))n+=b.length;console.log(n)})
console.log(rss(),(await c.statObject('bbb','big')).etag)
await s.stop()
