import { startStack, readStack } from '/work/main/ops/embedded/stack.ts'
const dir = process.argv[2]!
const secrets={postgresPassword:'pw',s3AccessKey:'AK',s3SecretKey:'SECRETSECRET',eventStoreUser:'admin',eventStorePassword:'ep',natsToken:'tok-en'}
const t=performance.now()
const s=await startStack({dataDir:dir,provide:{eventStore:process.argv[3]==='es',database:true,bus:true,objects:true},secrets,paths:{},log:l=>console.log(JSON.stringify(l))})
console.log('up',Math.round(performance.now()-t),s.addresses,s.pids(),readStack(dir)?.owner)
if(process.argv[4]!=='stay'){const u=performance.now();await s.stop();console.log('down',Math.round(performance.now()-u),readStack(dir))}
