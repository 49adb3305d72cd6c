/** Mutants that no test can kill, for they behave as the contract does. By name, each with the reason. */
export const equivalents: Record<string, string> = {}
