//! What there is in this market.

/// The number of a product that `inventory` cannot read.
pub(super) const POISON: &str = "poisoned";

/// Names and user names; their ids count from 1.
pub(super) const PEOPLE: [(&str, &str); 6] = [
    ("Amparo Castells", "amparo"),
    ("Benedikt Oyelaran", "bene"),
    ("Chiara Lindqvist", "chiara"),
    ("Dmitri Abara", "dmitri"),
    ("Esra Villanueva", "esra"),
    ("Farid Nowak", "faridn"),
];

/// Names, prices and weights; their numbers count from 1.
pub(super) const PRODUCTS: [(&str, i64, i64); 9] = [
    ("Olive oil", 1490, 920),
    ("Clay oven", 18900, 24000),
    ("Salt cellar", 390, 310),
    ("Market basket", 790, 640),
    ("Oak bench", 24900, 31000),
    ("Linen apron", 620, 280),
    ("Copper pan", 5400, 1900),
    ("Almond nougat", 350, 200),
    ("Wool blanket", 8800, 1500),
];

/// The product of each review, all among the first four. Reviews are by each person in turn, so that everybody has two.
pub(super) const REVIEWS: [usize; 12] = [1, 2, 1, 2, 1, 2, 1, 2, 3, 4, 4, 4];

const SENTENCES: [&str; 8] = [
    "It arrived two days before the spring fair, packed in straw and without a scratch.",
    "My neighbour asked where it came from before I had carried it up the stairs.",
    "The colour is warmer than in the picture, which I came to like within a week.",
    "For the price I had expected rather less, and I have paid more for worse.",
    "The handle sits well in the hand even when everything else around it is wet.",
    "We have used it nearly every morning since spring and it shows no sign of wear.",
    "One of the corners was a little rough, nothing that fine paper would not mend.",
    "I would buy it again at once, and for my sister I already have.",
];

/// The text of a review: four, five or six sentences.
pub(super) fn body(review: usize) -> String {
    let sentences = SENTENCES.iter().cycle().skip(review % SENTENCES.len()).take(4 + review % 3);
    sentences.copied().collect::<Vec<_>>().join(" ")
}
