import { describe, expect, it } from 'vitest'
import { markdown } from '../../src/api/board/markdown.ts'

const BYTES = 31_000

/** The part, as often as a brief has room for it. */
const filled = (part: string) => part.repeat(Math.floor(BYTES / part.length))

const hostileTexts: Record<string, string> = {
  html: '<script>alert(1)</script><img src=x onerror=alert(1)><!-- --><style>*{}</style>\n\n<iframe src="//a">\n<b\nonclick=a>',
  scripts:
    '[a](javascript:alert(1)) [b](JaVaScRiPt&colon;alert(1)) [c](data:text/html,a) [d](vbscript:a) ![e](javascript:a)',
  places: '[a](//evil.example) [b](/runs/1) [c](\\evil) [d](https://a"onclick="b) <javascript:a> <https://a"onclick=b>',
  definitions: `${filled('[a]: b\n').slice(0, 15_000)}\n${filled('[a]').slice(0, 15_000)}`,
  references: `[a]: https://${'x'.repeat(15_000)}\n\n${filled('[a]').slice(0, 15_000)}`,
  entities: `${filled('&#x202e;&lt;&quot;')}`,
  // Three bytes each.
  directions: filled('\u202E\u2066').slice(0, BYTES / 3),
  fence: '```"><script>alert(1)</script>\n</code></pre><script>\n',
  quotes: '>'.repeat(10_000),
  lists: filled('- '),
  numbers: filled('1. '),
  mixed: filled('>- '),
  lazy: `${'>'.repeat(5_000)}\n${filled('a\n').slice(0, 25_000)}`,
  word: 'W'.repeat(BYTES),
  brackets: filled('['),
  images: filled('!['),
  links: filled('[](https://a)'),
  nestedLinks: `${'['.repeat(10_000)}a${'](https://b)'.repeat(1_500)}`,
  openLinks: filled('[a](<b'),
  stars: filled('*a **a '),
  marks: filled('*_'),
  ticks: Array.from({ length: 240 }, (_, length) => `a${'`'.repeat(length)}`).join(''),
  fences: filled('```\n'),
  table: `${'|a'.repeat(3_000)}\n${'|-'.repeat(3_000)}\n${filled('a\n').slice(0, 15_000)}`,
  rules: filled('***\n'),
  nothing: '',
}

const allowedTag =
  /<\/?(?:div|p|em|strong|code|pre|a|span|ul|ol|li|blockquote|br|hr)(?: (?:class|href|rel|start)="[^"<>]*")*(?: \/)?>/g

describe('hostile Markdown', () => {
  it.each(Object.entries(hostileTexts))('of %s becomes harmless tags, and no page of megabytes', (_, text) => {
    const page = String(markdown(text))
    expect(page.replaceAll(allowedTag, '')).not.toMatch(/[<>\u202e\u2066]/u)
    for (const [, url] of page.matchAll(/href="([^"]*)/g)) expect(url).toMatch(/^https:\/\//)
    expect(page.length).toBeLessThan(200_000)
  })
})

describe('Markdown', () => {
  it('is shown, with its lines, and headings that are none of the page', () => {
    const page = String(markdown('# A\n\n*b* **c** `d`\ne\n\n3. f\n\n> g\n\n```js\nh\n```\n'))
    expect(page).toContain('<p class="heading">A</p>')
    expect(page).toMatch(/<em>b<\/em> <strong>c<\/strong> <code>d<\/code><br \/>\ne/)
    expect(page).toMatch(/<ol start="3">\n<li>f<\/li>.*<blockquote>\n<p>g<\/p>.*<pre><code>h\n<\/code><\/pre>/s)
  })

  it('links with the host that a link leads to, and makes a link of an image', () => {
    const page = String(
      markdown('[bank.example](https://a@évil.example/x) ![b](http://c.example/d) <https://e.example/f>'),
    )
    expect(page).toContain('>bank.example <span class="hint">xn--vil-9la.example</span></a>')
    expect(page).toContain(
      '<a href="http://c.example/d" rel="noreferrer nofollow ugc">b <span class="hint">image, c.example</span></a>',
    )
    expect(page).toContain('>https://e.example/f</a>')
  })

  it('names the host of a link that is its own URL as it is looked up, not as it looks', () => {
    const page = String(markdown('<https://\u0430\u0440\u0440\u04cf\u0435.com/a?b=\u00e9>'))
    expect(page).toContain('>https://xn--80ak6aa92e.com/a?b=%C3%A9</a>')
  })

  it('has no link in a link', () => {
    expect(String(markdown('[![a](https://b.example)](https://c.example)'))).toContain(
      '<a href="https://c.example" rel="noreferrer nofollow ugc">a <span class="hint">c.example</span></a>',
    )
  })
})
