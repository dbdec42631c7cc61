//! PhaseFlag, a feature-flag server in one executable with one data file. This page is the map for whoever
//! comes next; what a user needs to know is in the README and in the description of the API.
//!
//! A **flag** belongs to a project; it has a key, a type and variations. Its **configuration** (on or off,
//! default variation, rules, prerequisites) is separate in each environment of the project. An **API key**
//! belongs to one environment. A **context** is what an application sends to be evaluated: a user key and
//! attributes. Changes go through one writer into one file; evaluations read compiled rulesets in memory and
//! touch neither file nor lock.
//!
//! # Layers
//!
//! The same noun has one file in each layer that knows it: a flag is [`domain::flag`], [`store::flag`],
//! [`control::flag`] and [`control::flag_change`], [`http::wire::flag`] and `http/api/flags.rs`.
//!
//! | layer | what it is | may import of ours |
//! |---|---|---|
//! | [`domain`] | nouns and their laws; pure | nothing |
//! | [`engine`] | verbs over compiled flags; pure | `domain` |
//! | [`auth`] | proofs of identity: tokens, keys, passwords; keeps nothing | `domain` |
//! | [`store`] | the data file; the only layer that knows redb and bincode | `domain` |
//! | [`live`] | what the process serves from memory, behind atomic pointers | `domain`, `engine`, `tally` |
//! | [`control`] | the only way to learn and to change the truth | `domain`, `engine`, `auth`, `store`, `live`, `tally`, `trace` |
//! | [`limit`] | rate limits | nothing |
//! | [`document`] | YAML and JSON that people write, with the place of everything in it | nothing |
//! | [`tally`] | counters and distributions of times | nothing |
//! | [`egress`] | connections to other machines, and which of them may be made | `domain` |
//! | [`trace`] | spans, until somebody exports them | `tally` |
//! | [`http`] | requests and answers; the only layer that knows poem | `domain`, `engine`, `auth`, `live`, `control`, `limit`, `tally`, `trace`; never `store` |
//! | [`config`] | every setting once, parsed into its final type | what its types come from |
//! | [`telemetry`] | the log, and the export of traces | `config`, `trace`, `egress` |
//! | [`server`] | the composition root: opens, wires, listens, shuts down | everything |
//! | [`cli`] | one file per command | everything |
//!
//! `tests/it/architecture.rs` reads `src/` and fails on an import outside of this table, on a foreign crate
//! outside of its home, on a clock or entropy that is read below [`server`], on a file of more than 400
//! lines, and on a module without an opening comment. Its tables are the truth; this one explains them.
//!
//! # Invariants
//!
//! 1. **What is stored compiles.** A change compiles what it wrote before it commits, so that evaluation is
//!    total: it has no error and no panic. What is in the file compiled when it was written; on start it is
//!    compiled again.
//! 2. **The order of publication is the order of commits.** There is one writing thread. Changes that wait at the
//!    same time become durable together, each built on the one before it; then they are published one after the
//!    other, each before it is answered: whoever wrote reads what was written, and nobody reads what is not on
//!    the disk.
//! 3. **The audit entry is in the transaction of the change.** So are the revision of a flag, the version of
//!    every environment whose ruleset changed, and what webhooks are told of it. Sessions, counters of usage
//!    and what became of deliveries are not changes in this sense.
//! 4. **An evaluation depends on its arguments alone**: ruleset, key, context, moment. On every machine it is
//!    the same.
//! 5. **What clients follow is a version.** A ruleset is complete, its version rises with each change, and
//!    its `ETag` is made of it; a stream carries versions and no data. A client that slept through any number
//!    of versions, or was told of the last one alone, has lost nothing.
//! 6. **What can grow has a limit** with a name and a unit: bodies, lists, queues, keys of limiters,
//!    counters, timeouts. Those that users meet are in the README, which a test compares with the constants.
//! 7. **A secret is stored as a hash, shown once, and prints as `***`.** There are two exceptions, which sign
//!    and so have to be kept as they are: the key that signs tokens is in the data file unless a setting gives
//!    it, and so are the secrets of webhooks.
//! 8. **Domain, record and wire are three shapes**, converted by hand. Wire to domain notes every violation
//!    with its path; record to domain fails only if the file is damaged; the other ways cannot fail. So the
//!    API, the file format and the rules change independently.
//!
//! And everywhere: pass values, not powers. The moment ([`domain::time::Timestamp`]) and randomness are
//! arguments; only [`server`] reads a clock and makes the source of entropy. (The accept loop has the
//! timeouts of its runtime, and the log of requests says how long each took; neither decides anything about
//! data.)
//!
//! # Two walks
//!
//! **Evaluate**: `POST /api/v1/evaluate`.
//!
//! 1. [`http::middleware::Outermost`] bounds the body, names the request and puts the headers on whatever
//!    comes back.
//! 2. [`http::guard::Guard`] hashes the API key and finds it with [`live::Live::key`];
//!    [`limit::Limiter::check`] counts the request for its environment. The handler's parameter
//!    [`http::guard::Sdk`] says that it wants an API key.
//! 3. `http/api/evaluate.rs` has [`http::wire::evaluate::read`] read the body straight into a borrowed
//!    [`domain::context::Context`]; only a body with a fault is read a second time, to explain it.
//! 4. [`live::LiveEnvironment::ruleset`] gives the ruleset of this moment, and [`engine::Evaluation::flag`]
//!    asks it.
//! 5. [`live::Live::count`] counts the outcomes, and [`http::wire::evaluation::Evaluations`] writes them; the
//!    JSON of values was made when the flag was compiled.
//!
//! No lock is held, no disk is touched, no ruleset is copied, and no other thread has to do anything.
//!
//! **Change**: `PUT /api/v1/flags/{flag_id}`.
//!
//! 1. The guard verifies the access token and loads the person with [`control::session::authenticate`];
//!    [`http::guard::Person`] hands on the [`control::call::Caller`].
//! 2. [`http::payload::Strict`] reads the body with every fault of its shape noted;
//!    [`http::wire::flag_change::flag_change`] makes a [`domain::flag_change::FlagChange`] of it and notes
//!    what the domain says. A malformed body ends here with 400.
//! 3. [`control::flag_change::update`] sends the change to the writing thread (`control/writer.rs`), which
//!    begins a transaction (`control/change.rs`): it authorises with the memberships of this moment, loads,
//!    checks what depends on the rest of the project (422, 409; `control/flag_check.rs`), and applies the change
//!    (`control/flag_target.rs`) with [`domain::flag_change::FlagChange::apply`].
//! 4. The transaction gets the records ([`store::flag::put`], [`store::flag::put_configuration`]) and the
//!    audit entry ([`store::audit::append`]), [`engine::compile::flag`] compiles the flag, and
//!    [`engine::Ruleset::with`] makes the next ruleset of each environment that sees it. A cycle of
//!    prerequisites is found here.
//! 5. [`store::Writer::commit`] makes it durable, with those that waited beside it
//!    (`control/change/ending.rs`), [`live::Live::publish`] makes it visible (`control/change/news.rs`), and the answer
//!    goes back as an [`http::wire::flag::FlagView`].
//!
//! Every refusal on either walk ends as a row of [`http::error::Code`]; [`http::ApiError`] is the answer.
//!
//! # What a change should cost
//!
//! | to add | touch |
//! |---|---|
//! | an operator | one row of [`domain::operator`], and its vectors in `tests/vectors`; parser, compiler and API follow |
//! | an error | one row of [`http::error`]; who answers it goes into `http/api/notes.rs` |
//! | a permission | one row of [`domain::role`] |
//! | a word of an enumeration | one line where the domain declares it; reader, writer and description follow |
//! | a setting | one field below [`config::Config`], and the line of [`server`] that uses it |
//! | a field of a flag | [`domain::flag`] and [`domain::flag_change`], a record version in [`store::flag`], [`http::wire::flag`] and [`http::wire::flag_change`], its line in [`domain::audit`] |
//! | an endpoint | a method in `http/api`, its shapes in [`http::wire`], its exchange in `http/api/examples.json` |
//! | a resource | one file in `domain`, `store`, `control`, `http/wire`, `http/api` and `tests/it`, and a table on the page of tables |
//! | a change of the file format | a record version beside the old one, or a migration in [`store::migrate`]; never an edit of a frozen record |
//!
//! Settings, errors and limits are also tables of the README: the test that compares them prints the new
//! ones.
//!
//! # Where a thing lives
//!
//! - which status a failure has: [`http::error`]; why `control` refuses: [`control::error`]; from one to the
//!   other: `http/refusal.rs`; what the framework fails with: [`http::classify`]
//! - which keys and tables the file has: `store/tables.rs`; how a record is framed: `store/codec.rs`
//! - who may do what: [`domain::role`]; what belongs to whom: `control/scope.rs`; what a script may do for a person:
//!   [`domain::personal_token`]; what takes a person: [`http::guard::SignedIn`]
//! - the hash behind a rollout: [`engine::bucket`]; the order of evaluation: [`mod@engine::evaluate`]
//! - what was done, and how it is searched: [`domain::audit`], [`store::audit`]; how it is chained, and what is noticed
//!   when somebody cuts the chain: `store/audit/chain.rs`; how it is sent in one go: [`http::lines`]
//! - what goes with a project or an environment: [`store::project::remove`], [`store::environment::remove`]; what ends
//!   in memory: [`live::Live::remove_environment`]
//! - until when a key counts, and when it was used: [`live::LiveKey`]
//! - what a flag was, and the way back: [`domain::revision`], [`store::revision`], [`control::revision`]; a whole
//!   environment: [`control::restoration`]; which revision a change is meant for: [`http::etag`], [`http::tagged`]
//! - why asking a single flag allocates nothing: `engine/memo.rs`, `engine/attributes.rs`; `tests/it/allocation.rs`
//!   counts
//! - who is in a segment: [`engine::segment`]; why a user gets a value: [`mod@engine::explain`], told by the
//!   evaluation to an [`engine::witness::Witness`]; what the published SDKs can evaluate: [`engine::published`]
//! - what happens when the disk fails: `store/database.rs`, and what is read meanwhile: `store/overlay.rs`;
//!   `server/durability.rs` pulls the power cord at every step, `tests/it/durability/` does worse to the real program
//! - copies of the whole file: [`store::backup`] reads every table, [`control::backup`] handles the files; what is kept
//!   before a migration: [`store::Store::open`]
//! - what happens later: [`domain::schedule`], [`domain::ramp`]; how it is made exactly once: [`control::schedule`],
//!   [`control::ramp`]; at which moment: `server/scheduler.rs`, which is told of the next one by every commit
//! - what a change would do to whom: [`engine::impact`], [`control::preview`]; how environments compare, and what is
//!   taken from one to another: [`domain::promotion`], [`control::compare`], [`control::promotion`]
//! - where a flag is in its life, and by which evidence: [`domain::lifecycle`], [`control::lifecycle`]
//! - a project as one document: [`domain::manifest`]; how it is made what a document says: [`control::manifest`], part by
//!   part, and `sound.rs` for the whole; its shape: [`http::wire::manifest`]; its text: [`document`]
//! - commands that read or change data, on a server or on its file: `cli/connection.rs` is the one way, by HTTP
//!   (`cli/remote.rs`) or inside of the process ([`server::offline`], [`http::direct`]), where the operator of the machine
//!   asks ([`http::guard`])
//! - exports of other products: [`cli::importers`], with the mapping of each as a table in its module
//! - what is probably not meant: [`engine::lint`]; what follows from an operator for every context: `implies` and
//!   `contradicts` of [`domain::operator::Operand`]
//! - how operators compare: [`domain::operator`]; how attributes are found: [`domain::context`]
//! - what may be sent: [`http::shape`] (bodies), [`http::parameter`] (addresses), [`http::page`] (lists),
//!   [`http::words`] (enumerations)
//! - how many requests, connections and bytes: [`http::plane`], [`limit`], [`http::listen`],
//!   [`http::middleware::body`]
//! - where clients come in, and how the door is closed behind those who are in: [`http::listener`], `server/door.rs`;
//!   how long after SIGTERM what is answered: [`http::listen::serve`]; one connection: [`http::connection`]; TLS:
//!   [`http::tls`], `server/certificate.rs`
//! - what happens before the first request: `control/load.rs`; `benches/start` times it
//! - the way around the router for what is asked all the time: [`http::shortcut`]; what else keeps a request cheap:
//!   [`http::patience`], [`http::socket`]
//! - the dashboard: its files are below `assets/`, embedded by [`http::file`] and answered by [`http::dashboard`]; its
//!   session is in a cookie ([`http::cookie`])
//! - the description of the API: declared at the endpoints, finished in [`http::openapi`], shown by
//!   [`http::docs`]
//! - the protocol of `OpenFeature`: [`http::ofrep`]; the tokens of its event streams: [`auth::stream_token`]
//! - streams: [`live::feed`] is what SDKs follow, [`live::watch`] what people do, [`http::event_stream`] the answer that goes on; why an open one costs
//!   so little: [`http::handover`]
//! - what is sent to many is written and compressed once: [`http::rulesets`], [`http::packed`], [`http::coding`]
//! - counters of usage: counted without a lock in `live/meter.rs`, kept in [`live::usage`], written down by
//!   [`control::usage`], read by [`control::stats`]
//! - what evaluation answers, case by case and in no language: `tests/vectors`; arbitrary rulesets: `tests/it/fuzz.rs`
//! - what is counted for operators, and what each number means: [`http::metrics`] is the table; requests in
//!   [`http::middleware::traffic`], changes in [`control::instruments`]
//! - what is told of a request once it is answered: [`http::middleware::account`]; who asked:
//!   [`http::middleware::principal`]
//! - webhooks: [`domain::event`] is the table of what they are told, `control/change/telling.rs` tells it within the
//!   change, [`http::wire::letter`] writes it, [`store::delivery`] is the outbox, [`control::outbox`] what a courier asks
//!   of it; people's side is [`control::webhook`]; the courier is `server/courier.rs`,
//!   when it comes again [`domain::retry`], how it signs [`auth::webhook_signature`]
//! - which addresses requests of ours may go to: [`egress::guard`]; what an address is: [`egress::kind`]; one request
//!   and its answer: [`egress::client`]
//! - traces: [`trace`] decides and keeps, [`telemetry::otlp`] sends
//! - real servers, clients and principals for tests: `tests/it/support`

pub mod auth;
pub mod cli;
pub mod config;
pub mod control;
pub mod document;
pub mod domain;
pub mod egress;
pub mod engine;
pub mod http;
pub mod limit;
pub mod live;
pub mod server;
pub mod store;
pub mod tally;
pub mod telemetry;
pub mod testing;
pub mod trace;
