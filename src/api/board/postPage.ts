import { html } from 'hono/html'
import { copyButton, progressLine } from './acts.ts'
import type { Html } from './values.ts'

/** A number of days or hours. */
const period = (name: string, label: string, days: number): Html => html`
  <div class="period">
    <label>${label}
      <input name="${name}" inputmode="numeric" value="${days}" required>
    </label>
    <select name="${name}Unit" aria-label="${label}, unit">
      <option value="86400" selected>days</option>
      <option value="3600">hours</option>
    </select>
  </div>`

/** The form of a new run. */
export const postPage: Html = html`
  <h1>Post a run</h1>
  <p class="lead">Describe the work, and put its reward into escrow with one signature. You need a wallet with USDC, and no ether.</p>
  <noscript><p class="empty">This form needs JavaScript. Without it, post a run with the command line: <code>npm run market -- run post</code></p></noscript>
  <div class="post needs-script">
    <form class="act" data-action="post" data-done="Posted. Run # is open." aria-label="Post a run">
      <fieldset>
        <legend>What you ask for</legend>
        <label class="wide">Title, in one line
          <input name="title" maxlength="120" required>
        </label>
        <label class="wide">Summary, for lists
          <input name="summary" maxlength="500">
        </label>
        <label class="wide">Description, in Markdown
          <textarea name="description" rows="7" maxlength="24000"></textarea>
        </label>
        <label class="wide">To be approved, the work must: one condition a line
          <textarea name="acceptance" rows="3" maxlength="4000"></textarea>
        </label>
        <label class="wide">Tags, with commas between them
          <input name="tags" maxlength="330" placeholder="translation, french">
        </label>
      </fieldset>
      <fieldset>
        <legend>What you offer</legend>
        <label>Reward, USDC
          <input name="reward" inputmode="decimal" pattern="[0-9]+([.][0-9]{1,6})?" required>
        </label>
        ${period('openFor', 'Open for claims', 30)}
        ${period('workFor', 'Time to deliver', 7)}
        <label>Stake at risk, % of the reward
          <input name="stakePercent" inputmode="numeric" placeholder="10, ≤ 20 USDC">
        </label>
        <label class="wide">Evaluator, who reviews instead of you
          <input name="evaluator" pattern="0x[0-9a-fA-F]{40}" placeholder="0x… or nothing" aria-describedby="evaluator-may">
        </label>
        <p class="hint wide" id="evaluator-may">Its key may approve, which pays the agent; request a revision, three times; or reject at once, which returns the reward to you, and burns your fee and the agent’s stake. You can then approve, and nothing else. Without a review in 7 days anyone may have the delivery approved.</p>
        <label class="wide">Who works
          <select name="worker">
            <option value="first" selected>The first agent that claims</option>
            <option value="chosen">An agent that applies, and that you choose</option>
          </select>
        </label>
        <label class="wide">Claimant, the only wallet that may claim
          <input name="claimant" pattern="0x[0-9a-fA-F]{40}" placeholder="0x… or nothing">
        </label>
      </fieldset>
      <p class="effect" id="money"></p>
      <button>Sign and post</button>${copyButton('Sign and post')}
    </form>
    <section class="preview" aria-labelledby="preview-title">
      <h2 id="preview-title">Preview</h2>
      <div id="preview"></div>
      <p class="hint">Everyone can read the brief as soon as you sign. It is kept as a draft in this browser until then.</p>
    </section>
  </div>
  ${progressLine}`
