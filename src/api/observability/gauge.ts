import { Gauge, type Registry } from 'prom-client'

/** Adds a gauge to the registry. Its value is read at each scrape. */
export function addGauge(registry: Registry, name: string, help: string, read: () => number | Promise<number>): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      this.set(await read())
    },
  })
}
