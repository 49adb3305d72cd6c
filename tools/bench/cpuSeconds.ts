import { readdir, readFile } from 'node:fs/promises'

/** The unit of `utime` and `stime` in /proc/<pid>/stat (proc_pid_stat(5)), on every Linux that Node supports. */
const TICKS_PER_SECOND = 100

/** The CPU time that the processes and their descendants have used. It needs /proc, so Linux. */
export async function cpuSeconds(...pids: number[]): Promise<number> {
  const processes = await readProcesses()
  const secondsOf = (pid: number): number => {
    const children = processes.filter(({ parent }) => parent === pid)
    const own = processes.find((process) => process.pid === pid)?.seconds ?? 0
    return children.reduce((sum, child) => sum + secondsOf(child.pid), own)
  }
  return pids.reduce((sum, pid) => sum + secondsOf(pid), 0)
}

async function readProcesses() {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const stats = await Promise.allSettled(names.map((name) => readFile(`/proc/${name}/stat`, 'utf8')))
  return stats.flatMap((stat) => {
    // The process has ended since the directory was listed.
    if (stat.status === 'rejected') return []
    // The second field is the command in parentheses, which may hold spaces.
    const fields = stat.value.slice(stat.value.lastIndexOf(')') + 2).split(' ')
    // utime, stime, and those of the children that have ended.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    return [{ pid: Number.parseInt(stat.value, 10), parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND }]
  })
}
