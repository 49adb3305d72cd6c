import { Option } from 'commander'
import type { Hex } from 'viem'
import { parseSalt } from '../arguments.ts'

/** `relay`: the account only signs, and the API sends the action and pays the gas. */
export type RelayOptions = { relay?: boolean }

export const relay = () =>
  new Option('--relay', 'sign only, as an account without ether does: the API sends the action and pays the gas')

/** `salt`: see `BySalt`. */
export type SaltOptions = RelayOptions & { salt?: Hex }

export const salt = () =>
  new Option('--salt <salt>', 'of `salt`: a command that is repeated with it pays once; implies --relay')
    .argParser(parseSalt)
    .implies({ relay: true })
