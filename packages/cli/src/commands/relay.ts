import { Option } from 'commander'

/** `relay`: the account only signs, and the API sends the action and pays the gas. */
export type RelayOptions = { relay?: boolean }

export const relay = () => new Option('--relay', 'sign only: the API sends the action and pays the gas')
