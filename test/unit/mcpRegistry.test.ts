import { readFileSync } from 'node:fs'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { z } from 'zod'

const entry = JSON.parse(readFileSync('packages/cli/server.json', 'utf8'))
const manifest = JSON.parse(readFileSync('packages/cli/package.json', 'utf8'))

const version = z.string().regex(/^\d+\.\d+\.\d+$/)
const input = {
  description: z.string().optional(),
  format: z.enum(['string', 'number', 'boolean', 'filepath']).optional(),
  isRequired: z.boolean().optional(),
  isSecret: z.boolean().optional(),
  placeholder: z.string().optional(),
}
const name = z.string().min(1)

/** The rules of the registry's schema of 2025-12-11 for the members that the entry has. It may have no other. */
const schema = z.strictObject({
  $schema: z.literal('https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json'),
  name: z
    .string()
    .min(3)
    .max(200)
    .regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/),
  title: z.string().min(1).max(100),
  description: z.string().min(1).max(100),
  version,
  packages: z.array(
    z.strictObject({
      registryType: z.literal('npm'),
      identifier: z.string(),
      version,
      runtimeHint: z.literal('npx'),
      transport: z.strictObject({ type: z.literal('stdio') }),
      packageArguments: z.array(
        z.discriminatedUnion('type', [
          z.strictObject({ type: z.literal('positional'), value: name }),
          z.strictObject({ type: z.literal('named'), name, ...input }),
        ]),
      ),
      environmentVariables: z.array(z.strictObject({ name, ...input })),
    }),
  ),
  remotes: z.array(
    z.strictObject({
      type: z.literal('streamable-http'),
      url: z.string().regex(/^https?:\/\/[^\s]+$/),
      variables: z.record(name, z.strictObject(input)),
    }),
  ),
})

it('the entry for the MCP registry keeps the rules of its schema', () => {
  expect(schema.parse(entry)).toEqual(entry)
})

it('the entry is of this package, which names it', () => {
  expect(entry).toMatchObject({ name: manifest.mcpName, version: manifest.version })
  expect(entry.packages).toMatchObject([{ identifier: manifest.name, version: manifest.version }])
})

it('the entry names the command, options that it has, and every variable that the program reads', async () => {
  const { stdout: help } = await execa(process.execPath, ['packages/cli/src/main.ts', 'mcp', '--help'])
  const [{ packageArguments, environmentVariables }] = entry.packages
  const [first, ...options] = packageArguments as Record<string, string>[]
  expect(first).toEqual({ type: 'positional', value: 'mcp' })
  expect(help).toContain('Usage: runline mcp ')
  const known = [...help.matchAll(/^ {2}(--\S+)/gm)].map(([, option]) => option)
  expect(known).toEqual(expect.arrayContaining(options.map((option) => option.name)))
  const variables = new Set(help.match(/RUNLINE_[A-Z]+/g))
  expect(new Set(environmentVariables.map((variable: { name: string }) => variable.name))).toEqual(variables)
})
