// SPDX-License-Identifier: Apache-2.0
//! What applications and protocols are for: one word each, the same in rows, filters and the console.

/// What an application or a protocol is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// Advertisement, and counting who sees it.
    Advertisement,
    /// Assistants and models that are asked in writing.
    ArtificialIntelligence,
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
    /// News and weather.
    News,
    /// Control of a distant computer.
    RemoteAccess,
    /// Calls and messages between programs.
    Rpc,
    /// Shops, bookings and payments.
    Shopping,
    /// Social networks.
    SocialNetwork,
    /// Programs and their updates.
    SoftwareUpdate,
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
    /// Every category, by its word.
    pub const ALL: &'static [Self] = &[
        Self::Advertisement,
        Self::ArtificialIntelligence,
        Self::Chat,
        Self::Cloud,
        Self::Collaborative,
        Self::CryptoCurrency,
        Self::DataTransfer,
        Self::Database,
        Self::DownloadFt,
        Self::Game,
        Self::IotScada,
        Self::Mail,
        Self::Media,
        Self::Music,
        Self::Network,
        Self::News,
        Self::RemoteAccess,
        Self::Rpc,
        Self::Shopping,
        Self::SocialNetwork,
        Self::SoftwareUpdate,
        Self::Streaming,
        Self::SystemOs,
        Self::Unspecified,
        Self::Video,
        Self::VirtualAssistant,
        Self::Voip,
        Self::Vpn,
        Self::Web,
    ];

    /// The category that a word stands for.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|category| category.name() == word)
    }

    /// The word that stands for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Advertisement => "advertisement",
            Self::ArtificialIntelligence => "artificial_intelligence",
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
            Self::News => "news",
            Self::RemoteAccess => "remote_access",
            Self::Rpc => "rpc",
            Self::Shopping => "shopping",
            Self::SocialNetwork => "social_network",
            Self::SoftwareUpdate => "software_update",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_for_one_category_each() {
        let words: std::collections::HashSet<_> = Category::ALL.iter().map(|category| category.name()).collect();
        assert_eq!(words.len(), Category::ALL.len());
        assert!(Category::ALL.iter().all(|category| Category::of(category.name()) == Some(*category)));
        assert_eq!(Category::of("other"), None);
    }
}
