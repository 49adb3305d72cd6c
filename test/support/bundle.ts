import { build, type PluginOption } from 'vite'

/**
 * Bundles a module and all that it imports into one script, minified, which sets the global `name` to its exports. Vite is
 * Vitest's own, a peer dependency that npm installs with it.
 */
export async function bundle(entry: string, name: string, plugins: PluginOption[] = []): Promise<string> {
  const bundled = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, lib: { entry, formats: ['iife'], name } },
    plugins,
  })
  const [output] = Array.isArray(bundled) ? bundled : [bundled]
  const [chunk] = output && 'output' in output ? output.output : []
  if (chunk?.type !== 'chunk') throw new Error(`Vite made no script of ${entry}`)
  return chunk.code
}
