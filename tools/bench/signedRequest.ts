import type { LocalAccount } from 'viem'

/** A request that an account has signed, ready to be sent. */
export type SignedRequest = { method: 'POST'; path: string; headers: Record<string, string>; body: string }

/** Asks the API what to sign for an action, in the words of docs/actions.md, and signs it. */
export async function signRequest(
  url: string,
  action: string,
  account: LocalAccount,
  query: Record<string, unknown>,
): Promise<SignedRequest> {
  const parameters = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)])
  const response = await fetch(`${url}/api/messages/${action}?${new URLSearchParams(parameters)}`)
  const text = await response.text()
  if (!response.ok) throw new Error(`The message of ${action} is answered ${response.status}: ${text}`)
  const { path, body, typedData } = JSON.parse(text)
  const signature = await account.signTypedData(typedData)
  return {
    method: 'POST',
    path,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...body, signature }),
  }
}
