import { startStack } from './stack.ts'
import pg from 'pg'
const secrets={postgresPassword:'pw',s3AccessKey:'AK',s3SecretKey:'SECRETSECRET',eventStoreUser:'admin',eventStorePassword:'ep',natsToken:'tok-en'}
const s=await startStack({dataDir:'/tmp/ddt',provide:{eventStore:true,database:true,bus:true,objects:true},secrets,paths:{},log:l=>console.log(JSON.stringify(l))})
const c=new pg.Client({connectionString:s.addresses.DATABASE_URL!});c.on('error',()=>{});await c.connect()
await c.query('create table if not exists t(i int)');await c.query('insert into t select 1')
console.log('rows',(await c.query('select count(*) from t')).rows[0].count)
void c.query(`do $$ declare i bigint; begin for i in 1..20000000 loop perform md5(i::text); end loop; end $$`).catch(()=>{})
console.log('READY',JSON.stringify([process.pid,...Object.values(s.pids())]))
