import { type Datatype, Refused, type Tensor } from './tensors.ts'

/** −1 in a shape: any number. */
export interface Described {
  name: string
  datatype: Datatype
  shape: number[]
}

/** A model as it is served: loaded at the first use. */
export interface Served {
  name: string
  version: string
  inputs: readonly Described[]
  outputs: readonly Described[]
  load(): Promise<Runnable>
}

export interface Runnable {
  /** What is given is as described. Stops soon after the signal. */
  run(inputs: Record<string, Tensor>, signal: AbortSignal): Promise<Tensor[]>
}

/** Throws Refused (400) where what is given is not what the model takes. */
export function checkInputs({ name: model, inputs: described }: Served, given: Record<string, Tensor>): void {
  for (const { name, datatype, shape } of described) {
    const tensor = given[name]
    if (!tensor) throw new Refused(400, `input '${name}' of model '${model}' is missing`)
    const fits =
      tensor.shape.length === shape.length && tensor.shape.every((side, i) => shape[i] === -1 || shape[i] === side)
    if (tensor.datatype !== datatype || !fits)
      throw new Refused(
        400,
        `input '${name}' must be ${datatype} [${shape.join()}], not ${tensor.datatype} [${tensor.shape.join()}]`,
      )
  }
  const strange = Object.keys(given).find((name) => !described.some((one) => one.name === name))
  if (strange !== undefined) throw new Refused(400, `model '${model}' has no input '${strange}'`)
}
