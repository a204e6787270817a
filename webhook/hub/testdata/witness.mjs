// Drives the hub with GitHub's own client: App log-in, a comment, a check run, a
// commit through the git data API, a pull request and its merge. Prints what it saw
// as one line of JSON.
import { pathToFileURL } from "node:url";

const { MODULES, API, APP_ID, PRIVATE_KEY, SECRET, OWNER, REPO, NUMBER } = process.env;
const { App, Octokit } = await import(pathToFileURL(`${MODULES}/octokit/dist-bundle/index.js`));
const app = new App({
  appId: APP_ID,
  privateKey: PRIVATE_KEY,
  webhooks: { secret: SECRET },
  Octokit: Octokit.defaults({ baseUrl: API, throttle: { enabled: false }, retry: { enabled: false } }),
});

const saw = {};
const me = await app.octokit.request("GET /app");
saw.slug = me.data.slug;
const found = await app.octokit.request("GET /repos/{owner}/{repo}/installation", { owner: OWNER, repo: REPO });
const bot = await app.getInstallationOctokit(found.data.id);
const at = { owner: OWNER, repo: REPO };

saw.repositories = [];
for await (const { repository } of app.eachRepository.iterator()) saw.repositories.push(repository.full_name);

const pull = await bot.rest.pulls.get({ ...at, pull_number: +NUMBER });
for (let i = 0; i < 3; i++) await bot.rest.issues.createComment({ ...at, issue_number: +NUMBER, body: `comment ${i}` });
const comments = await bot.paginate(bot.rest.issues.listComments, { ...at, issue_number: +NUMBER, per_page: 2 });
saw.comments = comments.map((c) => `${c.user.login}: ${c.body}`);
await bot.rest.issues.updateComment({ ...at, comment_id: comments[0].id, body: "edited" });
await bot.rest.issues.deleteComment({ ...at, comment_id: comments[2].id });
await bot.rest.reactions.createForIssueComment({ ...at, comment_id: comments[0].id, content: "rocket" });

const check = await bot.rest.checks.create({ ...at, name: "sealift/diff", head_sha: pull.data.head.sha, status: "in_progress" });
await bot.rest.checks.update({
  ...at, check_run_id: check.data.id, conclusion: "success", status: "completed",
  output: { title: "Fine", summary: "All fine", annotations: [{ path: "a", start_line: 1, end_line: 1, annotation_level: "notice", message: "here" }] },
});
saw.checks = (await bot.rest.checks.listForRef({ ...at, ref: pull.data.head.ref })).data.check_runs.map((c) => `${c.name} ${c.conclusion} ${c.output.annotations_count}`);

const main = await bot.rest.git.getRef({ ...at, ref: "heads/main" });
const base = await bot.rest.git.getCommit({ ...at, commit_sha: main.data.object.sha });
const tree = await bot.rest.git.createTree({ ...at, base_tree: base.data.tree.sha, tree: [{ path: "promoted.yaml", mode: "100644", type: "blob", content: "a: 1\n" }] });
const commit = await bot.rest.git.createCommit({ ...at, message: "Promote", tree: tree.data.sha, parents: [main.data.object.sha] });
saw.verified = commit.data.verification.verified;
await bot.rest.git.createRef({ ...at, ref: "refs/heads/sealift/promote", sha: commit.data.sha });
const promotion = await bot.rest.pulls.create({ ...at, title: "Promote", head: "sealift/promote", base: "main" });
const merged = await bot.rest.pulls.merge({ ...at, pull_number: promotion.data.number, merge_method: "squash", sha: commit.data.sha });
saw.merged = merged.data.merged;
const file = await bot.rest.repos.getContent({ ...at, path: "promoted.yaml" });
saw.content = Buffer.from(file.data.content, "base64").toString();

try {
  await bot.rest.issues.createComment({ ...at, issue_number: +NUMBER, body: "x".repeat(65537) });
} catch (e) {
  saw.refused = `${e.status} ${e.message}`.includes("Body is too long (maximum is 65536 characters)") ? e.status : e.message;
}
console.log(JSON.stringify(saw));
