import type { Figure } from './figure.ts'

/** Formats a table: each column is as wide as its widest cell, and numbers are aligned right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? ''
        return /^[\d,.]+( |$)/.test(cell) ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n')
}

/** The figures of a bench, with their goals. */
export function figureTable(figures: Figure[]): string {
  const rows = figures.map(({ figure, unit, value, baseline, ratio, goal, needs, ok }) => [
    figure,
    number(value),
    unit,
    number(baseline),
    number(ratio),
    needs ?? number(goal),
    ok === null ? '' : ok ? 'ok' : 'MISSED',
  ])
  return table(['figure', 'value', 'unit', 'baseline', 'ratio', 'goal', ''], rows)
}

/** The number with at most three decimals; empty if there is none. */
function number(value: number | null): string {
  return value === null ? '' : value.toLocaleString('en-US', { maximumFractionDigits: 3 })
}
