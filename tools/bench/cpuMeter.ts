import { readdir, readFile } from 'node:fs/promises'
import { cpus } from 'node:os'

/** The unit of `utime` and `stime` in /proc/<pid>/stat (proc_pid_stat(5)), on every Linux that Node supports. */
const TICKS_PER_SECOND = 100

export type CpuMeter = ReturnType<typeof createCpuMeter>

/** Adds up how much CPU the processes use during a measurement. A process that uses a whole core limits the figure. */
export function createCpuMeter() {
  const used = new Map<string, number>()
  let seconds = 0
  let busySeconds = 0

  return {
    /** Runs `work`, and adds the CPU time that the processes and their descendants use during it. */
    async during<Result>(pids: Record<string, number>, work: () => Promise<Result>): Promise<Result> {
      const before = await cpuSeconds(pids)
      const busyBefore = busyCoreSeconds()
      const start = performance.now()
      const result = await work()
      seconds += (performance.now() - start) / 1_000
      busySeconds += busyCoreSeconds() - busyBefore
      const after = await cpuSeconds(pids)
      for (const [name, now] of after) used.set(name, (used.get(name) ?? 0) + now - (before.get(name) ?? 0))
      return result
    },

    /** @returns for instance "CPU (100 % is a core): API 95 %, Anvil 20 %, the machine 140 % of 200 %". */
    shares(): string {
      const percent = (part: number) => `${Math.round((100 * part) / seconds)} %`
      const named = [...used].toSorted(([, a], [, b]) => b - a).map(([name, part]) => `${name} ${percent(part)}`)
      return `CPU (100 % is a core): ${[...named, `the machine ${percent(busySeconds)} of ${100 * cpus().length} %`].join(', ')}`
    },
  }
}

/** Seconds that all cores have been busy. */
function busyCoreSeconds(): number {
  const milliseconds = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq)
  return milliseconds.reduce((sum, core) => sum + core, 0) / 1_000
}

/** CPU seconds by name; without /proc, only those of the bench. */
export async function cpuSeconds(pids: Record<string, number>): Promise<Map<string, number>> {
  const processes = await readProcesses()
  const secondsOf = (pid: number): number => {
    const children = processes.filter(({ parent }) => parent === pid)
    const own = processes.find((process) => process.pid === pid)?.seconds ?? 0
    return children.reduce((sum, child) => sum + secondsOf(child.pid), own)
  }
  const { user, system } = process.cpuUsage()
  const named = Object.entries(pids).map(([name, pid]): [string, number] => [name, secondsOf(pid)])
  return new Map([...(processes.length > 0 ? named : []), ['bench', (user + system) / 1e6]])
}

type Process = { pid: number; parent: number; seconds: number }

async function readProcesses(): Promise<Process[]> {
  const names = await readdir('/proc').catch(() => [])
  const stats = names.filter((name) => /^\d+$/.test(name)).map((name) => readFile(`/proc/${name}/stat`, 'utf8'))
  const read = await Promise.allSettled(stats)
  return read.flatMap((stat) => {
    // The process has ended since the directory was listed.
    if (stat.status === 'rejected') return []
    // The second field is the command in parentheses, which may hold spaces.
    const fields = stat.value.slice(stat.value.lastIndexOf(')') + 2).split(' ')
    // utime, stime, and those of the children that have ended.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    return { pid: Number.parseInt(stat.value, 10), parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND }
  })
}
