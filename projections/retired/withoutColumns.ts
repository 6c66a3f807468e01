import type { Handler, Projection } from '../engine/projection.ts'

type Named<Row> = Extract<Handler<Row, 'FirmwareActivated'>, { rows: unknown }>

/**
 * An older version of a projection all of whose folds are of rows that the event names: the same rows without the columns that came since.
 * @param since those columns, with values to fold from: what else there is in a row does not depend on them
 */
export function withoutColumns<Row extends { id: string }, Column extends Exclude<keyof Row, 'id'>>(
  projection: Projection<Row>,
  version: number,
  since: Pick<Row, Column>,
): Projection {
  const before = ({ rows, fold }: Named<Row>): Named<any> => ({
    rows,
    fold: (row, event) => {
      const folded = fold(row && { ...row, ...since }, event)
      return folded && Object.fromEntries(Object.entries(folded).filter(([column]) => !(column in since)))
    },
  })
  const on = Object.entries(projection.on).map(([type, handler]) => [type, before(handler as Named<Row>)])
  return { ...projection, version, on: Object.fromEntries(on) }
}
