// Where Postgres carries word between the processes of one installation. None of it is needed: whoever missed it looks at the tables.

/** `{position, stopped}` of the live group, with each batch. */
export const positions = 'projections'

/** A version of a projection stands elsewhere than before; the leader looks at all of them again. */
export const projectionChanges = 'projection_changes'

/** On `projectionChanges`, `resume <name>`: stopped versions of that read model are to be tried again. */
export const resume = 'resume'
