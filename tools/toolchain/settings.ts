// Writes docs/settings.md from the settings in core/settings. With --check it only compares them, and fails if they differ.
import type { z } from 'zod'
import { allSettings } from '../../core/env.ts'
import { deployingSettings, devnetSettings } from '../../core/settings/commands.ts'
import { auditSettings, indexerSettings } from '../../core/settings/indexer.ts'
import { relaySettings } from '../../core/settings/relay.ts'
import { servingSettings } from '../../core/settings/serving.ts'
import { sharedSettings } from '../../core/settings/shared.ts'
import { writeGenerated } from './writeGenerated.ts'

const sections: [string, z.ZodObject][] = [
  ['Indexer and API', sharedSettings],
  ['Indexer', indexerSettings],
  ['API: serving', servingSettings],
  ['API: claims and actions', relaySettings],
  ['Commands', auditSettings.extend(deployingSettings.shape).extend(devnetSettings.shape)],
]

/** The default as an operator would write it. */
function defaultOf(schema: z.core.$ZodType): string {
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (def.type === 'default' || def.type === 'prefault') return `\`${def.defaultValue}\``
  return def.type === 'optional' ? '–' : 'must be set'
}

function rowOf([name, schema]: [string, z.core.$ZodType]): string {
  const { description } = schema as z.ZodType
  if (!description) throw new Error(`${name} has no description. Add one with .describe() in core/settings.`)
  return `| \`${name}\` | ${defaultOf(schema)} | ${description} |`
}

const absent = allSettings.filter((name) => sections.every(([, { shape }]) => !(name in shape)))
if (absent.length > 0) throw new Error(`No section has ${absent.join(', ')}. Add their group to \`sections\`.`)

const tables = sections.map(([title, settings]) => {
  const rows = Object.entries(settings.shape).map(rowOf)
  return `## ${title}\n\n| setting | default | |\n|---|---|---|\n${rows.join('\n')}\n`
})

const intro = `<!-- Generated from core/settings by \`npm run settings\`. Do not edit. -->
# Settings

A process reads its settings from the environment when it starts. It names a wrong one and ends. An empty one counts as absent.
A setting that ends in \`KEY\`, \`URL\` or \`ENDPOINT\` may be in a file instead: \`RELAYER_PRIVATE_KEY_FILE=/run/secrets/relayer\`
names it. Commands use the first endpoint of \`RPC_URL\` only. \`–\`: there is no fixed default; the row says what applies then.
`

writeGenerated('docs/settings.md', `${intro}\n${tables.join('\n')}`, 'core/settings', 'settings')
