import express from 'express'
import knex from 'knex'

// What most people would write instead: a row and an audit row in one transaction. `insert.mjs URL`: PATCH /:id {name}.
const database = knex({ client: 'pg', connection: process.argv[2], pool: { min: 4, max: 20 } })
await database.schema.dropTableIfExists('peer_things').dropTableIfExists('peer_audit')
await database.schema.createTable('peer_things', (table) => {
  table.uuid('id').primary()
  table.uuid('thing_id').index()
  table.text('name')
  table.timestamp('at')
})
await database.schema.createTable('peer_audit', (table) => {
  table.uuid('id').primary()
  table.uuid('thing_id').index()
  table.text('actor')
  table.jsonb('changed')
  table.timestamp('at')
})

const app = express()
app.patch('/:id', express.json(), async (request, response) => {
  const { id: thing_id } = request.params
  const { name } = request.body
  const at = new Date()
  await database.transaction(async (transaction) => {
    await transaction('peer_things').insert({ id: crypto.randomUUID(), thing_id, name, at })
    const changed = JSON.stringify({ name })
    await transaction('peer_audit').insert({ id: crypto.randomUUID(), thing_id, actor: 'bench', changed, at })
  })
  response.json({ id: thing_id, name })
})
const server = app.listen(0, '127.0.0.1', () =>
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })),
)
