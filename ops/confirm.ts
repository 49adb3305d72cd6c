import { createInterface } from 'node:readline/promises'

/** Asks for a yes on the terminal. @throws an error that begins with `refusal` if the answer is not yes, or absent. */
export async function confirm(question: string, refusal: string): Promise<void> {
  const input = createInterface({ input: process.stdin })
  process.stdout.write(`${question} (yes) `)
  const { value: answer } = await input[Symbol.asyncIterator]().next()
  input.close()
  if (answer?.trim() !== 'yes') throw new Error(`${refusal}: answer yes, or pass --yes`)
}
