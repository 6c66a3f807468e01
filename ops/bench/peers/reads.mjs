import express from 'express'
import fastify from 'fastify'
import knex from 'knex'
import pg from 'pg'

// The same rows without a token, a tenant or a check. `reads.mjs URL express|fastify`: GET /:id, GET / (the newest 20).
const [url, kind] = process.argv.slice(2)

async function withExpress() {
  const database = knex({ client: 'pg', connection: url, pool: { min: 4, max: 20 } })
  const app = express()
  app.get('/', async (_, response) =>
    response.json(
      await database('uploads')
        .orderBy([
          { column: 'created_at', order: 'desc' },
          { column: 'id', order: 'desc' },
        ])
        .limit(20),
    ),
  )
  app.get('/:id', async (request, response) =>
    response.json(await database('uploads').where({ id: request.params.id }).first()),
  )
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server.address().port))
  })
}

async function withFastify() {
  const pool = new pg.Pool({ connectionString: url, max: 20 })
  const app = fastify()
  app.get('/', async () => (await pool.query('select * from uploads order by created_at desc, id desc limit 20')).rows)
  app.get('/:id', async ({ params }) => (await pool.query('select * from uploads where id = $1', [params.id])).rows[0])
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app.server.address().port
}

const port = await (kind === 'express' ? withExpress() : withFastify())
console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }))
