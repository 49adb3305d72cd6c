import { zeroAddress } from 'viem'

/** The terms of a run whose poster sets none: a week to deliver, the default stake, the poster evaluates, and any wallet may claim. */
export const defaultTerms = { workPeriod: 0, stakePercent: 0, evaluator: zeroAddress, claimant: zeroAddress } as const
