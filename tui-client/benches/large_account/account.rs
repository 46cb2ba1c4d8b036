//! Accounts of different sizes, the largest with a million messages in 500 conversations: the data folder
//! of a server, and the home folder of a client that holds all of it. Made once, then copied for each
//! measurement.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use recado::store::{self, HeldRange, StoreWrite, StoredMe};
use recado_server::id::SessionId;
use recado_server::store::{
    Admission, Engine, Login, NewEntry, NewRoom, Origin, Write, WriteResult,
};
use recado_server::{Config, Server, listen};
use recado_shared::tls::Identity;
use recado_shared::{
    Content, ConversationId, CursorUpdate, DeviceKey, Entry, Head, HistoryVisibility, Invite,
    MemberCursors, MessageBody, MessageId, RequestNumber, RoomEvent, RoomName, Seq, Timestamp,
    UserId, UserName, Visibility,
};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The size of an account.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The name of its folder.
    name: &'static str,
    /// Messages in all. The first room has what the others leave.
    pub(crate) messages: u64,
    /// Messages of each other conversation.
    others_each: u64,
    /// Direct conversations with as many peers, and as many rooms with [`ROOM_PEERS`] of them.
    peers: u64,
    script: Script,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    /// Words of Latin letters.
    Latin,
    /// Ideographs and emoji, which take two cells each.
    Wide,
}

impl Shape {
    pub(crate) const fn conversations(&self) -> u64 {
        2 * self.peers
    }
}

pub(crate) const LARGE: Shape = Shape {
    name: "large-account-2",
    messages: 1_000_000,
    others_each: 1_800,
    peers: 250,
    script: Script::Latin,
};

pub(crate) const SMALL: Shape = Shape {
    name: "small-account-2",
    messages: 3_000,
    others_each: 100,
    peers: 5,
    script: Script::Latin,
};

/// A room of 5,000 messages of emoji and ideographs.
pub(crate) const WIDE: Shape = Shape {
    name: "wide-account",
    messages: 5_900,
    others_each: 100,
    peers: 5,
    script: Script::Wide,
};

/// Peers in each room.
const ROOM_PEERS: u64 = 4;

/// The room with the most messages, which the client has open.
pub(crate) const LARGE_ROOM: &str = "large";

/// A word in one early message of that room, and the beginning of that message.
pub(crate) const RARE_WORD: &str = "zanzibar";
pub(crate) const RARE_START: &str = "here it is";

/// A day in the middle of the log of the largest room, typed and as the line above its messages has it.
pub(crate) const DATE: &str = "2025-09-05";
pub(crate) const DATE_LINE: &str = "5 September 2025";
const RARE_AT: Seq = Seq(60);

/// The beginning of its newest message.
pub(crate) const NEWEST_WORD: &str = "newest-of-all";

/// Messages of one conversation that follow each other in the store, as pages do.
const PAGE: u64 = 100;

/// Different words. A few of them make most of the text, as in any language.
const WORDS: u64 = 20_000;

const START: u64 = 1_700_000_000_000;
const STEP: u64 = 60_000;

/// The name of the client's user, who registers first.
const NAME: &str = "me";
pub(crate) const ME: UserId = UserId(1);

/// The program of this build.
pub(crate) const CLIENT: &str = env!("CARGO_BIN_EXE_recado");

const ORIGIN: Origin = Origin {
    session: SessionId(1),
    number: RequestNumber(1),
};

impl Script {
    /// The word of a number below [`WORDS`].
    fn word(self, number: u64) -> String {
        let place = usize::try_from(number % 4).unwrap();
        match self {
            Self::Latin => format!("{}{number:x}", ["wo", "ka", "li", "tu"][place]),
            Self::Wide => {
                let emoji = ["🦀", "👍🏽", "❤\u{fe0f}", "👩\u{200d}🔬"][place];
                let number = u32::try_from(number).unwrap();
                let ideograph = char::from_u32(0x4e00 + number).unwrap();
                format!("{ideograph}{ideograph}{emoji}")
            }
        }
    }
}

/// The folders of a server and a client.
pub(crate) struct Account {
    folder: PathBuf,
    pub(crate) shape: &'static Shape,
}

/// A running server of an account.
pub(crate) struct RunningServer {
    pub(crate) ticket: Invite,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), recado_server::ServerError>>,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shape { messages, .. } = self.shape;
        let conversations = self.shape.conversations();
        write!(f, "{messages} messages, {conversations} conversations")
    }
}

impl Account {
    /// The account that all measurements start from, made where it is not there yet.
    pub(crate) fn template(runtime: &Runtime, shape: &'static Shape) -> Self {
        let account = Self {
            folder: Path::new(env!("CARGO_TARGET_TMPDIR")).join(shape.name),
            shape,
        };
        let done = account.folder.join("done");
        if !done.exists() {
            remove(&account.folder);
            let began = Instant::now();
            account.make(runtime);
            fs::write(done, "").unwrap();
            println!(
                "made {} in {:.0?}",
                account.folder.display(),
                began.elapsed()
            );
        }
        account
    }

    /// A copy to work on, in place of an earlier one.
    pub(crate) fn copy(&self) -> Self {
        let folder = self.folder.with_extension("run");
        remove(&folder);
        copy_folder(&self.folder, &folder);
        Self {
            folder,
            shape: self.shape,
        }
    }

    /// The client's local database.
    pub(crate) fn store(&self) -> PathBuf {
        let identities = fs::read_dir(self.folder.join("home/data/recado/identities")).unwrap();
        let mut folders = identities.map(|identity| identity.unwrap().path());
        let folder = folders.find(|folder| folder.join("device.key").exists());
        folder.unwrap().join("recado.db")
    }

    /// Removes the client's local database.
    pub(crate) fn empty_store(&self) {
        let store = self.store();
        for extension in ["db", "db-wal", "db-shm"] {
            let file = store.with_extension(extension);
            if file.exists() {
                fs::remove_file(file).unwrap();
            }
        }
    }

    fn own_key(&self) -> Identity {
        let file = self.store().with_file_name("device.key");
        Identity::from_pkcs8(&fs::read(file).unwrap()).unwrap()
    }

    /// The keys of the peers, in order.
    pub(crate) fn peers(&self) -> Vec<Identity> {
        let key = |number| Identity::from_pkcs8(&fs::read(self.peer_key(number)).unwrap());
        let all = 0..self.shape.peers;
        all.map(|number| key(number).unwrap()).collect()
    }

    fn peer_key(&self, number: u64) -> PathBuf {
        self.folder.join(format!("peers/{number}.key"))
    }

    /// The variables of the client's environment.
    pub(crate) fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let home = self.folder.join("home");
        let folders = [
            ("HOME", "."),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_RUNTIME_DIR", "run"),
        ];
        let folders = folders.map(|(variable, folder)| (variable, home.join(folder)));
        let rest = [("TZ", "UTC"), ("LANG", "C.UTF-8"), ("USER", NAME)];
        let rest = rest.map(|(variable, value)| (variable, PathBuf::from(value)));
        folders.into_iter().chain(rest).collect()
    }

    /// Starts the server on a free port. Nothing slows its clients down.
    pub(crate) async fn serve(&self) -> RunningServer {
        let mut config = Config::new(self.folder.join("server"));
        config.ticket_places = vec![self.folder.join("home/run/recado/local.ticket")];
        // The messages have times of long ago.
        config.accept_clock = true;
        let limits = &mut config.limits;
        let most = u32::MAX.try_into().unwrap();
        (limits.frames_per_second, limits.frame_burst) = (most, most);
        (limits.bytes_per_second, limits.byte_burst) = (most, most);
        limits.connections_per_minute = 100_000;
        let listener = listen(Some("127.0.0.1:0".parse().unwrap())).unwrap();
        let server = Server::prepare(listener, config).await.unwrap();
        let ticket = server.local_ticket();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.serve(async {
            // A dropped sender stops the server too.
            let _ = stopped.await;
        }));
        RunningServer { ticket, stop, task }
    }

    fn make(&self, runtime: &Runtime) {
        fs::create_dir_all(self.folder.join("home/run")).unwrap();
        // The client registers as a user does, with a key and files of its own.
        runtime.block_on(async {
            let server = self.serve().await;
            let mut command = Command::new(CLIENT);
            command
                .args([NAME, "--yes"])
                .env_clear()
                .envs(self.environment());
            command.stdin(Stdio::null()).stdout(Stdio::null());
            let status = tokio::task::spawn_blocking(move || command.status().unwrap());
            assert!(status.await.unwrap().success());
            server.stop().await;
        });
        let all = 0..self.shape.peers;
        let keys: Vec<_> = all.map(|_| Identity::generate().unwrap()).collect();
        fs::create_dir(self.folder.join("peers")).unwrap();
        for (number, key) in (0..).zip(&keys) {
            fs::write(self.peer_key(number), key.pkcs8()).unwrap();
        }
        Maker::new(self, &keys).fill();
    }
}

impl RunningServer {
    pub(crate) async fn stop(self) {
        drop(self.stop);
        self.task.await.unwrap().unwrap();
    }
}

/// Fills the stores of both sides with the same entries.
struct Maker {
    shape: &'static Shape,
    engine: Engine,
    /// The devices of the user and of the peers, in the order of their numbers.
    devices: Vec<DeviceKey>,
    client: store::Opened,
    numbers: fastrand::Rng,
    /// Appends so far, which make identifiers and times.
    appended: u64,
}

/// A conversation that is filled, with its members.
struct Filled {
    id: ConversationId,
    members: Vec<UserId>,
    wanted: u64,
    newest: Option<Entry>,
}

impl Filled {
    fn newest(&self) -> Seq {
        self.newest.as_ref().map_or(Seq::ZERO, |entry| entry.seq)
    }
}

impl Maker {
    fn new(account: &Account, keys: &[Identity]) -> Self {
        let mut engine = Engine::open(&account.folder.join("server")).unwrap();
        let logins: Vec<_> = (1..).zip(keys).map(|(n, key)| login(n, key)).collect();
        let mut log = None;
        for written in engine.commit(&logins).unwrap() {
            let WriteResult::Login { result, .. } = written else {
                unreachable!("it answers what was asked");
            };
            log = Some(result.unwrap().log);
        }
        let client = store::open(&account.store()).unwrap();
        client.handle.save(StoreWrite::Me(StoredMe {
            user: ME,
            name: UserName::new(NAME).unwrap(),
            log: log.unwrap(),
        }));
        Self {
            shape: account.shape,
            engine,
            devices: [account.own_key()]
                .iter()
                .chain(keys)
                .map(Identity::key)
                .collect(),
            client,
            numbers: fastrand::Rng::with_seed(1),
            appended: 0,
        }
    }

    /// The device of the nth user.
    fn device(&self, user: UserId) -> DeviceKey {
        self.devices[usize::try_from(user.0 - 1).unwrap()]
    }

    fn fill(mut self) {
        let shape = self.shape;
        let mut all: Vec<_> = (0..shape.peers)
            .flat_map(|number| [self.room(number), direct(shape, number)])
            .collect();
        let others = shape.others_each * (shape.conversations() - 1);
        all[0].wanted = shape.messages - others;
        while all.iter().any(|filled| filled.newest().0 < filled.wanted) {
            for filled in &mut all {
                let left = filled.wanted - filled.newest().0;
                self.append(filled, left.min(PAGE));
            }
            self.client.handle.flush();
            self.engine.tidy(true).unwrap();
        }
        self.mark_read(&all);
        self.client.handle.save(StoreWrite::Open(all[0].id));
        self.client.handle.flush();
    }

    /// Creates a room that the user and some peers join.
    fn room(&mut self, number: u64) -> Filled {
        let name = match number {
            0 => LARGE_ROOM.to_owned(),
            _ => format!("room{number}"),
        };
        let owner = peer(number);
        let (id, time) = self.next_id();
        let created = self.commit(&[Write::CreateRoom {
            origin: ORIGIN,
            new: NewRoom {
                author: owner,
                by: self.device(owner),
                id,
                name: RoomName::new(&name).unwrap(),
                visibility: Visibility::Public,
                history: HistoryVisibility::Visible,
                time,
            },
        }]);
        let mut entries: Vec<Entry> = created;
        let others = (1..ROOM_PEERS).map(|next| peer((number + next) % self.shape.peers));
        let members: Vec<_> = [owner, ME].into_iter().chain(others).collect();
        let room = self.last_room();
        for &member in &members[1..] {
            let joined = self.new_entry(room, member, Content::Room(RoomEvent::Joined));
            entries.extend(self.commit(&[joined]));
        }
        let mut filled = Filled {
            id: room,
            members,
            wanted: self.shape.others_each,
            newest: None,
        };
        self.keep(&mut filled, entries);
        filled
    }

    fn append(&mut self, filled: &mut Filled, count: u64) {
        let first = filled.newest().0 + 1;
        let writes: Vec<_> = (first..first + count)
            .map(|seq| {
                // The first two messages accept the message request of a direct conversation.
                let author = match usize::try_from(seq).unwrap() {
                    early @ 1..=2 => filled.members[early - 1],
                    _ => filled.members[self.numbers.usize(..filled.members.len())],
                };
                let text = self.text(seq, filled.wanted);
                let body = MessageBody::new(text).unwrap();
                self.new_entry(filled.id, author, Content::Message(body))
            })
            .collect();
        if !writes.is_empty() {
            let entries = self.commit(&writes);
            self.keep(filled, entries);
        }
    }

    /// Puts appended entries into the client's store.
    fn keep(&mut self, filled: &mut Filled, entries: Vec<Entry>) {
        filled.newest = entries.last().cloned();
        self.client.handle.save(StoreWrite::Entries {
            conversation: filled.id,
            entries,
            held: vec![HeldRange {
                first: Seq(1),
                last: filled.newest(),
            }],
            settled: Vec::new(),
        });
    }

    /// Moves the cursors of all to the end, on both sides.
    fn mark_read(&mut self, all: &[Filled]) {
        for filled in all {
            let newest = filled.newest();
            let advances = filled.members.iter().map(|&user| Write::Advance {
                user,
                advance: CursorUpdate {
                    conversation: filled.id,
                    delivered: newest,
                    read: newest,
                },
            });
            self.engine.commit(&advances.collect::<Vec<_>>()).unwrap();
            let cursors = filled.members.iter().map(|&user| MemberCursors {
                user,
                delivered: newest,
                read: newest,
            });
            let head = Head {
                conversation: filled.id,
                newest,
                newest_time: filled.newest.as_ref().unwrap().time,
                unread: 0,
                cursors: cursors.collect(),
                first: Seq(1),
                room: None,
                is_request: false,
            };
            self.client.handle.save(StoreWrite::Heads {
                heads: vec![head],
                complete: None,
            });
        }
    }

    fn text(&mut self, seq: u64, last: u64) -> String {
        let mut words = Vec::new();
        for _ in 0..self.numbers.u64(4..17) {
            // The place of a word in the list is about as often as its frequency says (Zipf).
            let bits = self.numbers.u32(1..=15);
            let word = self.numbers.u64(..1 << bits).min(WORDS - 1);
            words.push(self.shape.script.word(word));
        }
        if last > self.shape.others_each && Seq(seq) == RARE_AT {
            words.insert(0, format!("{RARE_START} {RARE_WORD}"));
        }
        if last > self.shape.others_each && seq == last {
            words.insert(0, NEWEST_WORD.to_owned());
        }
        words.join(" ")
    }

    fn new_entry(
        &mut self,
        conversation: ConversationId,
        author: UserId,
        content: Content,
    ) -> Write {
        let (id, time) = self.next_id();
        Write::Append {
            origin: ORIGIN,
            new: NewEntry {
                author,
                by: self.device(author),
                conversation,
                id,
                content,
                time,
            },
        }
    }

    /// An identifier in the order of time, as clients draw them.
    fn next_id(&mut self) -> (MessageId, Timestamp) {
        self.appended += 1;
        let time = START + self.appended * STEP;
        let id = (u128::from(time) << 80) | u128::from(self.appended);
        (MessageId(id.to_be_bytes()), Timestamp(time))
    }

    fn commit(&mut self, writes: &[Write]) -> Vec<Entry> {
        let written = self.engine.commit(writes).unwrap().into_iter();
        written
            .map(|written| match written {
                WriteResult::Append { result, .. } => result.unwrap().entry,
                WriteResult::CreateRoom { result, .. } => result.unwrap().1.entry,
                other => unreachable!("not an entry: {other:?}"),
            })
            .collect()
    }

    fn last_room(&self) -> ConversationId {
        let rooms = self.engine.memberships().unwrap().rooms;
        let last = rooms.into_iter().map(|stored| stored.room).max();
        ConversationId::Room(last.unwrap())
    }
}

/// The user number of a peer, counted from 0.
pub(crate) fn peer(number: u64) -> UserId {
    UserId(ME.0 + 1 + number)
}

fn direct(shape: &Shape, number: u64) -> Filled {
    Filled {
        id: ConversationId::direct(ME, peer(number)),
        members: vec![ME, peer(number)],
        wanted: shape.others_each,
        newest: None,
    }
}

fn login(number: u64, key: &Identity) -> Write {
    Write::Login(Login {
        session: SessionId(1),
        key: key.key(),
        device_name: None,
        name: Some(UserName::new(&format!("peer{number}")).unwrap()),
        token: None,
        admission: Admission::Granted,
        max_users: u64::MAX,
        time: Timestamp(START),
    })
}

fn remove(folder: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap();
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
