//! Two devices and a server that change the same settings at once, over links that lose what is
//! on its way: once all is healed, all clients have the same.

use std::collections::{BTreeMap, VecDeque};

use recado_shared::{
    Answer, ClientFrame, ConversationId, DraftText, NotificationLevel, Request, RequestNumber,
    ServerFrame, Setting, SettingKey, Stamp,
};

use super::support::*;
use crate::app::{Effect, Event};
use crate::store::{StoreWrite, StoredSetting};

/// Small numbers that follow from a seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

/// A device with what is on its way to and from it.
struct Device {
    client: Client,
    /// What its store has.
    stored: BTreeMap<SettingKey, StoredSetting>,
    stamp: Stamp,
    up: VecDeque<(RequestNumber, Request)>,
    down: VecDeque<ServerFrame>,
    /// A page that was read and is not answered yet.
    slow: Option<ServerFrame>,
    is_up: bool,
}

impl Device {
    fn new() -> Self {
        Self {
            client: Client::new(snapshot(vec![stored(BOB, vec![], 0)])),
            stored: BTreeMap::new(),
            stamp: Stamp(0),
            up: VecDeque::new(),
            down: VecDeque::new(),
            slow: None,
            is_up: false,
        }
    }

    fn take(&mut self, effects: &[Effect]) {
        for save in saved(effects) {
            self.save(save);
        }
        for frame in sent(effects).into_iter().filter(|_| self.is_up) {
            if let ClientFrame::Request { number, request } = frame {
                self.up.push_back((number, request));
            }
        }
    }

    fn save(&mut self, save: StoreWrite) {
        match save {
            StoreWrite::UnsentSetting(setting) => {
                let is_unsent = true;
                let key = setting.key();
                self.stored
                    .insert(key, StoredSetting { setting, is_unsent });
            }
            StoreWrite::SentSetting(key) => {
                if let Some(stored) = self.stored.get_mut(&key) {
                    stored.is_unsent = false;
                }
            }
            StoreWrite::Settings { settings, stamp } => {
                for setting in settings {
                    let key = setting.key();
                    let is_unsent = self.stored.get(&key).is_some_and(|s| s.is_unsent);
                    if !is_unsent {
                        self.stored
                            .insert(key, StoredSetting { setting, is_unsent });
                    }
                }
                self.stamp = stamp.unwrap_or(self.stamp);
            }
            _ => {}
        }
    }

    fn connect(&mut self) {
        self.is_up = true;
        let effects = self.client.connect(vec![]);
        self.take(&effects);
    }

    fn cut(&mut self) {
        self.is_up = false;
        self.up.clear();
        self.down.clear();
        self.slow = None;
        let effects = self.client.handle(offline());
        self.take(&effects);
    }

    /// The program ends and starts again with what its store has.
    fn restart(&mut self) {
        self.cut();
        let mut snapshot = snapshot(vec![stored(BOB, vec![], 0)]);
        snapshot.settings = self.stored.values().cloned().collect();
        snapshot.settings_stamp = self.stamp;
        self.client = Client::new(snapshot);
    }

    fn change(&mut self, setting: Setting) {
        let app = &mut self.client.app;
        app.chats.set(setting, &mut app.cx).unwrap();
        let effects = self.client.handle(Event::Deadline);
        self.take(&effects);
    }

    fn deliver(&mut self, frame: ServerFrame) {
        let effects = self.client.frame(frame);
        self.take(&effects);
    }

    /// What it believes, as far as that differs from nothing.
    fn beliefs(&self) -> Vec<(bool, String, String)> {
        let settings = &self.client.app.chats.settings;
        let of = |id: ConversationId| {
            let attention = settings.notification_level(id, self.client.now.wall);
            let draft = settings.draft(id).to_owned();
            (settings.is_favourite(id), format!("{attention:?}"), draft)
        };
        [BOB, CAROL].map(|user| of(with(user))).to_vec()
    }
}

/// What the server has.
#[derive(Default)]
struct Kept {
    last: u64,
    values: BTreeMap<SettingKey, (u64, Setting)>,
}

impl Kept {
    fn page(&self, after: Stamp) -> Answer {
        let mut changed: Vec<_> = self.values.values().filter(|v| v.0 > after.0).collect();
        changed.sort_by_key(|value| value.0);
        let more = changed.len() > 2;
        changed.truncate(2);
        Answer::Settings {
            stamp: Stamp(changed.last().map_or(after.0, |value| value.0)),
            settings: changed.into_iter().map(|value| value.1.clone()).collect(),
            more,
        }
    }
}

fn any(dice: &mut Dice) -> Setting {
    let conversation = with([BOB, CAROL][usize::from(dice.roll(2) == 0)]);
    match dice.roll(3) {
        0 => Setting::Favourite {
            conversation,
            is_on: dice.roll(2) == 0,
        },
        1 => Setting::NotificationLevel {
            conversation,
            level: [
                NotificationLevel::All,
                NotificationLevel::Mentions,
                NotificationLevel::Nothing,
            ][usize::try_from(dice.roll(3)).unwrap()],
        },
        _ => Setting::Draft {
            conversation,
            text: DraftText::new(["", "one", "two"][usize::try_from(dice.roll(3)).unwrap()])
                .unwrap(),
        },
    }
}

/// The server takes the next request of a device.
fn serve(devices: &mut [Device; 2], at: usize, kept: &mut Kept, dice: &mut Dice) {
    let Some((number, request)) = devices[at].up.pop_front() else {
        return;
    };
    let answer = |answer| ServerFrame::Answer {
        number,
        result: Ok(answer),
    };
    match request {
        Request::Set(setting) => {
            kept.last += 1;
            kept.values
                .insert(setting.key(), (kept.last, setting.clone()));
            devices[at].down.push_back(answer(Answer::Done));
            let other = &mut devices[1 - at];
            if other.is_up {
                let stamp = Stamp(kept.last);
                let is_left_out = dice.roll(8) == 0;
                other.down.push_back(if is_left_out {
                    ServerFrame::Behind
                } else {
                    ServerFrame::Setting { setting, stamp }
                });
            }
        }
        // It is read now, and told when the store's reader comes to it.
        Request::Settings { after } => devices[at].slow = Some(answer(kept.page(after))),
        _ => {}
    }
}

fn step(devices: &mut [Device; 2], kept: &mut Kept, dice: &mut Dice) {
    let at = usize::from(dice.roll(2) == 0);
    match dice.roll(40) {
        0 if devices[at].is_up => devices[at].cut(),
        1 => devices[at].restart(),
        0 | 2..4 if !devices[at].is_up => devices[at].connect(),
        4..10 => {
            let setting = any(dice);
            devices[at].change(setting);
        }
        10..22 => serve(devices, at, kept, dice),
        22..28 => {
            let slow = devices[at].slow.take();
            devices[at].down.extend(slow);
        }
        _ => {
            if let Some(frame) = devices[at].down.pop_front() {
                devices[at].deliver(frame);
            }
        }
    }
}

fn heal(devices: &mut [Device; 2], kept: &mut Kept) {
    let mut fair = Dice(0);
    for device in devices.iter_mut().filter(|device| !device.is_up) {
        device.connect();
    }
    let is_busy =
        |device: &Device| !device.up.is_empty() || !device.down.is_empty() || device.slow.is_some();
    while devices.iter().any(is_busy) {
        for at in [0, 1] {
            serve(devices, at, kept, &mut fair);
            let slow = devices[at].slow.take();
            devices[at].down.extend(slow);
            while let Some(frame) = devices[at].down.pop_front() {
                devices[at].deliver(frame);
            }
        }
    }
}

#[test]
fn two_devices_agree_in_the_end_whatever_gets_lost() {
    for seed in 0..600 {
        let mut dice = Dice(seed);
        let mut devices = [Device::new(), Device::new()];
        let mut kept = Kept::default();
        for _ in 0..60 {
            step(&mut devices, &mut kept, &mut dice);
        }
        heal(&mut devices, &mut kept);
        assert_eq!(devices[0].beliefs(), devices[1].beliefs(), "seed {seed}");
        for device in &mut devices {
            let unsent = device.stored.values().filter(|stored| stored.is_unsent);
            assert_eq!(unsent.count(), 0, "seed {seed}");
            let before = device.beliefs();
            device.restart();
            assert_eq!(device.beliefs(), before, "seed {seed}: after a start");
        }
        let mut fresh = Device::new();
        fresh.connect();
        let [known, _] = &devices;
        let known = known.beliefs();
        let mut all = [fresh, Device::new()];
        heal(&mut all, &mut kept);
        assert_eq!(all[0].beliefs(), known, "seed {seed}: on a new device");
    }
}
