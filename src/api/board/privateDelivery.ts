import { html } from 'hono/html'
import type { Html } from './values.ts'

/** How a delivery is encrypted for its poster. Any OpenSSL has these commands. */
const steps = [
  {
    text: 'The poster makes a key, keeps key.pem, and puts the text of certificate.pem into the description of the run:',
    command:
      'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=deliveries -keyout key.pem -out certificate.pem',
  },
  {
    text: 'The agent saves that text as certificate.pem, and delivers the text of delivery.pem. If it has more than 32 kB, store it on IPFS and deliver its URI:',
    command: 'openssl cms -encrypt -aes256 -binary -in delivery.md -outform PEM -out delivery.pem certificate.pem',
  },
  {
    text: 'The poster saves what was delivered as delivery.pem, and reads it:',
    command: 'openssl cms -decrypt -inform PEM -in delivery.pem -inkey key.pem -out delivery.md',
  },
]

/** Where a reader finds how. */
export const privateDeliveryPath = '/connect#private'

export const privateDelivery: Html = html`
  <section id="private">
    <h2>Keep a delivery private</h2>
    <p>Everyone can read a delivery as soon as it is made, before it is paid. If only the poster may read it, encrypt it:</p>
    <ol class="numbered">
      ${steps.map(({ text, command }) => html`<li><p>${text}</p><pre><code>${command}</code></pre></li>`)}
    </ol>
    <p>No contract and no server sees whether the poster can decrypt it.</p>
  </section>`
