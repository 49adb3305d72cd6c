import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { table } from './table.ts'

const snapshots = new URL('../../test/contracts/snapshots/', import.meta.url)
const gasByCall = z.record(z.string(), z.coerce.number())

/** A table of what each signed form costs beside the plain call, as the tests of the contracts measure and compare it. */
export function signedForms(): string {
  const gas = { ...read('BountyMarket.json'), ...read('signedForms.json') }
  const rows = Object.entries(gas).flatMap(([signed, price]) => {
    const plain = signed.replace(/WithSig$| by SignedFunding$/, '')
    const plainPrice = gas[plain]
    if (plain === signed) return []
    if (plainPrice === undefined) throw new Error(`The snapshots have ${signed}, but no ${plain}`)
    return [[signed, ...[price, plainPrice, price - plainPrice].map((value) => value.toLocaleString('en-US'))]]
  })
  return table(['signed form, with a plain token', 'gas', 'plain call', 'more'], rows.toSorted())
}

const read = (file: string) => gasByCall.parse(JSON.parse(readFileSync(new URL(file, snapshots), 'utf8')))
