import { readFile } from 'node:fs/promises'

type Step = { command: string; output: string[] }

type Section = {
  /** The commands after `$`, each with the lines that it prints. */
  steps: Step[]
  /** Other commands: the blocks that show no output. */
  commands: string[]
  /** The blocks of TypeScript. */
  programs: string[]
}

/** What a page shows in the section of that title. */
export async function readSection(path: string, title: string): Promise<Section> {
  const page = await readFile(path, 'utf8')
  const [, section = ''] = new RegExp(`^## ${title}\\n(.*?)(?=^## |$(?![\\s\\S]))`, 'ms').exec(page) ?? []
  const steps: Step[] = []
  const commands: string[] = []
  const programs: string[] = []
  for (const [, language, block = ''] of section.matchAll(/^```(\w*)\n(.*?)^```$/gms)) {
    if (language === 'ts') programs.push(block)
    if (language !== '') continue
    if (!block.startsWith('$ ')) {
      commands.push(block.trimEnd())
      continue
    }
    // A backslash continues a command on the next line.
    for (const line of block.trimEnd().replaceAll('\\\n', '').split('\n')) {
      if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: [] })
      else steps.at(-1)?.output.push(line)
    }
  }
  return { steps, commands, programs }
}

/** A pattern of the text, in which `…` stands for any characters but spaces. */
export const patternOf = (text: string) =>
  new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '\\S+')}$`)
