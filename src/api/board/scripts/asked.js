// What the reader asks for: the members of the message that the form and the page know.
import { randomSalt } from './accountMessages.js'
import { storeText } from './api.js'
import { addressOf, amountOf, briefOf, checkBrief, contentOf, FieldError, termsOf } from './fields.js'

function agentIdOf(form) {
  const agentId = form.elements.agentId.value.trim()
  if (!/^(0|[1-9][0-9]{0,77})$/.test(agentId)) throw new FieldError('agentId', 'Enter the number of your agent.')
  return agentId
}

/** What each action asks beside `shown`, which the server rendered into the form. */
const asks = {
  async submit({ form, say }) {
    return { deliverableHash: await contentOf(form, 'text', say) }
  },
  async revise({ form, say }) {
    return { feedbackHash: await contentOf(form, 'text', say) }
  },
  async 'name-claimant'({ form }) {
    // The form of an applicant has no field: its wallet is shown.
    return form.elements.claimant && { claimant: addressOf(form, 'claimant') }
  },
  async claim({ form }) {
    return { agentId: agentIdOf(form) }
  },
  async apply({ form }) {
    return { agentId: agentIdOf(form), note: form.elements.note.value.trim() }
  },
  async stake({ form, account }) {
    return { from: account, amount: amountOf(form, 'amount'), salt: randomSalt() }
  },
  async unstake({ form, account }) {
    return { signer: account, amount: amountOf(form, 'amount') }
  },
  async register({ form, account, say }) {
    const name = form.elements.name.value.trim()
    if (name === '') throw new FieldError('name', 'Enter a name.')
    const type = 'https://eips.ethereum.org/EIPS/eip-8004#registration-v1'
    const file = { type, name, description: form.elements.description.value.trim() }
    say('Storing the registration file.')
    const { uri: agentURI } = await storeText(JSON.stringify(file), 'application/json', say)
    return { owner: account, agentURI, salt: randomSalt() }
  },
  async post({ form, account, say }) {
    const terms = termsOf(form, Math.floor(Date.now() / 1_000), account)
    const brief = briefOf(form)
    checkBrief(brief)
    say('Storing the brief.')
    const { uri: ipfsHash, isBrief, briefComplaint } = await storeText(JSON.stringify(brief), 'application/json', say)
    if (!isBrief) throw new FieldError('title', `This is no brief by /schemas/brief.json: ${briefComplaint}`)
    return { poster: account, ipfsHash, ...terms, salt: randomSalt() }
  },
}

/** @throws FieldError if a field cannot be used; Refusal if a text cannot be stored. */
export async function askedBy(form, account, say) {
  const shown = JSON.parse(form.dataset.shown ?? '{}')
  const more = await asks[form.dataset.action]?.({ form, account, say })
  return { ...shown, ...more }
}
