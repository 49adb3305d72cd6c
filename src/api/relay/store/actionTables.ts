/** The tables of the kinds of action beside claims, by the name of the kind in `relay.tx`. */
export const actionTables = {
  'run action': 'relay.action',
  'account action': 'relay.account_action',
  'open call': 'relay.open_call',
} as const

export type ActionKindName = keyof typeof actionTables
