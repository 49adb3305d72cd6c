import { buildContracts } from '../../tools/devnet/buildContracts.ts'

/** Runs once for each project of Vitest whose tests deploy contracts. */
export default () => buildContracts(['contracts', 'test/contracts/mocks'])
