import { CommandHandler } from '@event-driven-io/emmett'
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql'
import express from 'express'

// Emmett behind express, with its own store in Postgres. `emmettCommand.mjs URL`: PATCH /:id {name}.
const store = getPostgreSQLEventStore(process.argv[2])
const handle = CommandHandler({
  evolve: (state, { data }) => ({ ...state, name: data.name }),
  initialState: () => ({ name: undefined }),
})

const app = express()
app.patch('/:id', express.json(), async (request, response) => {
  const { id } = request.params
  const { name } = request.body
  const decide = (state) => (state.name === name ? [] : [{ type: 'Renamed', data: { name, at: new Date() } }])
  await handle(store, `thing-${id}`, decide)
  response.json({ id, name })
})
const server = app.listen(0, '127.0.0.1', () =>
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })),
)
