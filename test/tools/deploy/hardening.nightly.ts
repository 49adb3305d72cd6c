import { globSync } from 'node:fs'
import { cp, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { expect, it, onTestFinished } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

const compose = parse(await readFile('compose.yaml', 'utf8'), { merge: true })
const documents = parseAllDocuments(await readFile('deploy/kubernetes/runline.yaml', 'utf8')).map((one) => one.toJS())
const deployments = documents.filter(({ kind }) => kind === 'Deployment')
const ours = ['indexer', 'audit', 'api']

it.each(ours)('Compose runs the %s without a superuser, without capabilities, and with a limit of memory', (name) => {
  const { environment, cap_drop, security_opt, mem_limit } = compose.services[name]
  const urls = Object.entries<string>(environment).flatMap(([key, value]) => (key.endsWith('_URL') ? value : []))
  const users = urls.flatMap((url) => /^postgres:\/\/(\w+):/.exec(url)?.[1] ?? [])
  expect(users).toEqual(name === 'api' ? ['runline_relay', 'runline_reader'] : ['runline_indexer'])
  expect({ cap_drop, security_opt }).toEqual({ cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
  expect(mem_limit).toBe('2g')
})

it('Compose creates the roles that its services use, with the passwords of .env', async () => {
  const sql = await readFile('deploy/postgres/roles.sql', 'utf8')
  const { volumes, environment } = compose.services.postgres
  expect(volumes).toContain('./deploy/postgres/roles.sql:/docker-entrypoint-initdb.d/roles.sql:ro')
  const variables = [...sql.matchAll(/^\\getenv \w+ (\w+)$/gm)].map(([, name]) => String(name))
  expect(variables.length).toBe(3)
  for (const name of variables) expect(environment[name]).toBe(`\${${name}:?set it in .env}`)
  const used = JSON.stringify(ours.map((name) => compose.services[name].environment)).match(/runline_\w+/g)
  expect(new Set(used)).toEqual(new Set(sql.match(/(?<=^CREATE ROLE )\w+/gm)))
})

it.each(deployments.map(({ metadata, spec }) => [metadata.name, spec.template.spec]))(
  'Kubernetes runs %s without root, capabilities, a writable image or a token, and with a limit of memory',
  (_, { securityContext, automountServiceAccountToken, containers }) => {
    expect(securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(automountServiceAccountToken).toBe(false)
    expect(containers).toHaveLength(1)
    expect(containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(containers[0].resources.limits.memory).toMatch(/^[12]Gi$/)
  },
)

it('Kubernetes keeps the API processes apart', () => {
  const { spec } = deployments.find(({ metadata }) => metadata.name === 'runline-api')
  const [{ podAffinityTerm }] =
    spec.template.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution
  expect(podAffinityTerm.topologyKey).toBe('kubernetes.io/hostname')
  expect(podAffinityTerm.labelSelector.matchLabels).toEqual({ app: 'runline', component: 'api' })
})

it('Kubernetes lets clients reach the API’s port only, and Prometheus every port with metrics', () => {
  const policies = documents.filter(({ kind }) => kind === 'NetworkPolicy').map(({ spec }) => spec)
  const all = policies.find(({ podSelector }) => podSelector.matchLabels.component === undefined)
  expect(all.podSelector.matchLabels).toEqual({ app: 'runline' })
  expect(all.policyTypes).toEqual(['Ingress', 'Egress'])
  const names = (ports: { port: string }[]) => ports.map(({ port }) => port).sort()
  const exposed = deployments.flatMap(({ spec }) => spec.template.spec.containers[0].ports).map(({ name }) => name)
  expect(names(all.ingress.flatMap(({ ports }: { ports: { port: string }[] }) => ports))).toEqual(
    [...new Set(exposed)].filter((name) => name !== 'http').sort(),
  )
  for (const { from } of all.ingress) expect(from).toHaveLength(1)
  const open = policies.filter(({ ingress }) => ingress.some(({ from }: { from?: object[] }) => from === undefined))
  expect(open.map(({ podSelector, ingress }) => [podSelector.matchLabels.component, names(ingress[0].ports)])).toEqual([
    ['api', ['http']],
  ])
})

const units = globSync('deploy/systemd/*.service')

it.each(units)('%s is confined, by what all units share, and has a limit of memory', async (path) => {
  const unit = await readFile(path, 'utf8')
  // systemd reads this folder for each unit whose name begins so.
  expect(basename(path)).toMatch(/^runline-/)
  const shared = await readFile('deploy/systemd/runline-.service.d/confinement.conf', 'utf8')
  const lines = [...unit.split('\n'), ...shared.split('\n')]
  expect(unit).toMatch(/^MemoryMax=[12]G$/m)
  expect(unit).toMatch(/^User=runline$/m)
  const wanted = ['NoNewPrivileges=true', 'ProtectSystem=strict', 'ProtectHome=true', 'PrivateDevices=true']
  wanted.push('PrivateTmp=true', 'CapabilityBoundingSet=', 'SystemCallFilter=@system-service')
  wanted.push('RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6')
  expect(wanted.filter((line) => !lines.includes(line))).toEqual([])
})

const hasSystemd = (await execa('systemd-analyze', ['--version'], { reject: false })).exitCode === 0

it.runIf(hasSystemd).each(units)('systemd itself finds %s confined', async (path) => {
  const { path: root, remove } = await temporaryDirectory()
  onTestFinished(remove)
  await cp('deploy/systemd', join(root, 'etc/systemd/system'), { recursive: true })
  const unit = basename(path).replace('@', '@3000')
  const options = ['--offline=yes', `--root=${root}`, '--threshold=20']
  // An exposure of at most 2.0 of 10. Without the shared file it is 9.0.
  expect((await execa('systemd-analyze', ['security', ...options, unit], { reject: false })).exitCode).toBe(0)
})

it('every image and action is pinned by its digest, beside its full version', async () => {
  const dockerfile = await readFile('Dockerfile', 'utf8')
  const images = [
    ...[...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => String(image)),
    compose.services.postgres.image,
    compose.services.proxy.image,
  ]
  expect(images).toHaveLength(4)
  for (const image of images) expect(image).toMatch(/^[a-z]+:\d+\.\d+(\.\d+)?(-[a-z-]+)?@sha256:[0-9a-f]{64}$/)
  const workflow = await readFile('.github/workflows/ci.yml', 'utf8')
  const actions = [...workflow.matchAll(/uses: (.+)$/gm)].map(([, action]) => String(action))
  expect(actions.length).toBeGreaterThan(3)
  for (const action of actions) expect(action).toMatch(/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
})
