//! Word lists of our own; no trademarks.

pub(crate) const STYLES: [&str; 24] = [
    "Plain", "Tall", "Quiet", "Folding", "Coastal", "Evening", "Garden", "Little", "Northern", "Round", "Slow",
    "Bright", "Narrow", "Sturdy", "Travel", "Winter", "Meadow", "Harbour", "Stacking", "Rustic", "Soft", "Morning",
    "Workshop", "Light",
];

pub(crate) const MATERIALS: [&str; 16] = [
    "Oak", "Linen", "Steel", "Wool", "Glass", "Cork", "Clay", "Copper", "Cotton", "Walnut", "Slate", "Bamboo",
    "Leather", "Enamel", "Birch", "Felt",
];

pub(crate) const THINGS: [&str; 32] = [
    "Lamp", "Chair", "Bowl", "Blanket", "Kettle", "Shelf", "Mug", "Basket", "Cushion", "Table", "Vase", "Tray",
    "Stool", "Jug", "Clock", "Rug", "Board", "Pan", "Towel", "Bench", "Hook", "Box", "Plate", "Mirror", "Candle",
    "Apron", "Frame", "Planter", "Broom", "Curtain", "Ladle", "Teapot",
];

pub(crate) const USES: [&str; 8] = [
    "for the kitchen table",
    "for a small room",
    "for long evenings",
    "for the hallway",
    "for two",
    "for everyday use",
    "for the balcony",
    "for guests",
];

pub(crate) const GIVEN: [&str; 20] = [
    "Ada", "Bruno", "Clara", "Dario", "Elif", "Frida", "Goran", "Hana", "Ines", "Jonas", "Kaja", "Luca", "Mira",
    "Noor", "Oskar", "Pilar", "Rosa", "Sven", "Tala", "Yusuf",
];

pub(crate) const FAMILY: [&str; 20] = [
    "Almeida", "Bakker", "Castro", "Dubois", "Eriksen", "Ferrari", "Garcia", "Horvat", "Ivanova", "Jansen", "Kowalski",
    "Lindgren", "Moreau", "Novak", "Okafor", "Petrov", "Rossi", "Schmid", "Tanaka", "Weber",
];
