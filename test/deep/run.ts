// `npm run test:deep [campaign [arguments]]`: the campaigns that take many minutes. Runs all if none is named.
import { actions } from './actions.ts'
import { agreement } from './agreement.ts'
import { invariants } from './invariants.ts'
import { kills } from './kills.ts'
import { lives } from './lives.ts'
import { outages } from './outages.ts'
import { verify } from './verify.ts'

const campaigns: Record<string, (args: string[]) => void | Promise<void>> = {
  invariants,
  kills,
  lives,
  agreement,
  actions,
  outages,
  verify,
}

const [named, ...rest] = process.argv.slice(2)
if (named && !campaigns[named]) {
  throw new Error(`No campaign is called ${named}; there are: ${Object.keys(campaigns).join(', ')}`)
}
for (const [name, campaign] of Object.entries(campaigns)) {
  if (named && name !== named) continue
  console.log(`Deep campaign: ${name}`)
  const started = Date.now()
  await campaign(rest)
  console.log(`${name}: ${((Date.now() - started) / 60_000).toFixed(1)} minutes`)
}
