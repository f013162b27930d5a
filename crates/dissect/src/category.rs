// SPDX-License-Identifier: Apache-2.0
//! What applications and protocols are for: one word each, the same in rows, filters and the console.

/// What an application or a protocol is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// Messages between people.
    Chat,
    /// Services of data centres: hosting, storage, content delivery.
    Cloud,
    /// Work that people do together.
    Collaborative,
    /// Coins and their mining.
    CryptoCurrency,
    /// Files and blocks over a network.
    DataTransfer,
    /// Questions to databases.
    Database,
    /// Downloads and file sharing.
    DownloadFt,
    /// Games.
    Game,
    /// Industry, buildings, appliances.
    IotScada,
    /// Mail.
    Mail,
    /// Sound and pictures while they are played.
    Media,
    /// Music.
    Music,
    /// What keeps networks running.
    Network,
    /// Control of a distant computer.
    RemoteAccess,
    /// Calls and messages between programs.
    Rpc,
    /// Social networks.
    SocialNetwork,
    /// Films and series.
    Streaming,
    /// Services of operating systems.
    SystemOs,
    /// Nothing is known.
    Unspecified,
    /// Moving pictures, conferences among them.
    Video,
    /// Assistants that are spoken to.
    VirtualAssistant,
    /// Calls.
    Voip,
    /// Tunnels.
    Vpn,
    /// The web.
    Web,
}

impl Category {
    /// The word that stands for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Cloud => "cloud",
            Self::Collaborative => "collaborative",
            Self::CryptoCurrency => "crypto_currency",
            Self::DataTransfer => "data_transfer",
            Self::Database => "database",
            Self::DownloadFt => "download_ft",
            Self::Game => "game",
            Self::IotScada => "iot_scada",
            Self::Mail => "mail",
            Self::Media => "media",
            Self::Music => "music",
            Self::Network => "network",
            Self::RemoteAccess => "remote_access",
            Self::Rpc => "rpc",
            Self::SocialNetwork => "social_network",
            Self::Streaming => "streaming",
            Self::SystemOs => "system_os",
            Self::Unspecified => "unspecified",
            Self::Video => "video",
            Self::VirtualAssistant => "virtual_assistant",
            Self::Voip => "voip",
            Self::Vpn => "vpn",
            Self::Web => "web",
        }
    }
}
