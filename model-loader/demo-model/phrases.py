"""How questions are put, and the words that are printed in pictures."""

PHRASES = {
    "shape_alone": [
        "What shape is this?", "Which shape is shown{where}?", "What shape do you see{where}?", "Name the shape{where}.",
        "What is this?", "What figure is this?", "Tell me the shape.", "What kind of shape is it?", "What do you see?",
        "What shape is it?", "Which shape is this?", "What is in the picture?", "What is the shape?",
    ],
    "shape_of_colour": [
        "What shape is {colour}?", "Which shape is {colour}{where}?", "What is the {colour} shape{where}?", "Name the {colour} shape.",
        "What shape is the {colour} one?", "What shape does the {colour} object have?", "What {colour} shape is there{where}?",
        "What is {colour}{where}?", "What shape is the {colour} object?",
    ],
    "colour_alone": [
        "What colour is the shape{where}?", "What colour is it?", "Which colour is this?", "Name the colour of the shape.",
        "What is the colour of the shape{where}?", "What colour is this?", "Tell me the colour.", "Which colour does the shape have?",
        "What colour is this shape?",
    ],
    "colour_of": [
        "What colour is the {kind}{where}?", "Which colour is the {kind}?", "What is the colour of the {kind}{where}?",
        "Name the colour of the {kind}.", "Tell me the colour of the {kind}.", "The {kind}: what colour is it?",
        "What colour does the {kind} have?", "Which colour does the {kind} have{where}?",
    ],
    "background": [
        "What colour is the background?", "Which colour is the background{where}?", "What is the background colour?",
        "What is the colour of the background?", "Name the background colour.", "Tell me the colour of the background.",
    ],
    "count_all": [
        "How many shapes are there{where}?", "How many shapes do you see?", "Count the shapes{where}.", "How many objects are there{where}?",
        "How many shapes are shown?", "What is the number of shapes{where}?", "How many figures are there{where}?",
        "How many things do you see?", "Count all the shapes.",
    ],
    "count_kind": [
        "How many {kinds} are there{where}?", "How many {kinds} do you see?", "Count the {kinds}{where}.", "How many {kinds} are shown?",
        "What is the number of {kinds}{where}?", "Tell me how many {kinds} there are.", "How many {kinds} can you see{where}?",
    ],
    "count_colour": [
        "How many {colour} shapes are there{where}?", "How many shapes are {colour}{where}?", "Count the {colour} shapes.",
        "How many {colour} objects do you see?", "How many {colour} shapes can you see{where}?", "How many of the shapes are {colour}?",
    ],
    "exists": [
        "Is there {a_name}{where}?", "Do you see {a_name}{where}?", "Can you see {a_name}?", "Does the picture show {a_name}?",
        "Is {a_name} in the picture?", "Is there any {name}{where}?",
    ],
    "left": [
        "What is left of the {name}?", "What is to the left of the {name}?", "Which shape is left of the {name}{where}?",
        "What do you see to the left of the {name}?", "What is on the left of the {name}?", "What stands left of the {name}?",
        "Which shape is to the left of the {name}?",
    ],
    "right": [
        "What is right of the {name}?", "What is to the right of the {name}?", "Which shape is right of the {name}{where}?",
        "What do you see to the right of the {name}?", "What is on the right of the {name}?", "What stands right of the {name}?",
        "Which shape is to the right of the {name}?",
    ],
    "above": [
        "What is above the {name}?", "What is over the {name}?", "Which shape is above the {name}{where}?",
        "What do you see above the {name}?", "What is directly above the {name}?", "Which shape is over the {name}?",
    ],
    "below": [
        "What is below the {name}?", "What is under the {name}?", "Which shape is below the {name}{where}?",
        "What do you see below the {name}?", "What is directly below the {name}?", "What is beneath the {name}?",
    ],
    "where_is": [
        "Where is the {name}{where}?", "Where in the picture is the {name}?", "In which part of the picture is the {name}?",
        "Where do you see the {name}?", "What is the position of the {name}?",
    ],
    "leftmost": ["Which shape is furthest left{where}?", "What is the leftmost shape?", "Which shape is on the far left?", "What is on the far left?"],
    "rightmost": ["Which shape is furthest right{where}?", "What is the rightmost shape?", "Which shape is on the far right?", "What is on the far right?"],
    "topmost": ["Which shape is at the top{where}?", "What is the topmost shape?", "Which shape is highest up?", "Which shape is nearest to the top?"],
    "bottommost": ["Which shape is at the bottom{where}?", "What is the lowest shape?", "Which shape is lowest down?", "Which shape is nearest to the bottom?"],
    "bigger": [
        "Which is bigger, the {a} or the {b}?", "Which is larger: the {a} or the {b}?", "Is the {a} or the {b} bigger?",
        "What is bigger, the {a} or the {b}?", "Which one is larger, the {a} or the {b}?",
    ],
    "smaller": [
        "Which is smaller, the {a} or the {b}?", "Is the {a} or the {b} smaller?", "What is smaller, the {a} or the {b}?",
        "Which one is smaller: the {a} or the {b}?",
    ],
    "is_bigger": ["Is the {a} bigger than the {b}?", "Is the {a} larger than the {b}?", "Does the {a} look bigger than the {b}?"],
    "largest": ["What is the largest shape{where}?", "Which shape is the biggest{where}?", "Which shape is largest?", "Name the biggest shape.", "What is the biggest shape?"],
    "smallest": ["What is the smallest shape{where}?", "Which shape is the smallest{where}?", "Which shape is smallest?", "Name the smallest shape."],
    "describe": [
        "Describe the picture.", "Describe the image.", "Describe this picture in one sentence.", "What does the picture show?",
        "Describe the scene.", "Describe what you see.", "Give a short description of the image.", "Tell me what is in the image.",
        "Please describe the image.", "What can you see in this image?",
    ],
    "ocr": [
        "Read the text.", "What does it say?", "What does the text say?", "What is written{where}?", "Read the text{where}.",
        "Which text do you see?", "What text is in the picture?", "Transcribe the text.", "Read this.", "What is printed here?",
        "What does the picture say?", "Read all the text in the picture.", "Please read the text.", "What words are written{where}?",
        "OCR", "Extract the text.", "What does this say?", "Write down the text.", "What is the text{where}?",
    ],
    "tallest": [
        "Which bar is the tallest?", "Which bar is highest?", "What is the label of the tallest bar?", "Which one has the largest value?",
        "Which bar has the highest value?", "Which is the biggest bar?", "What has the largest value{where}?",
    ],
    "shortest": [
        "Which bar is the shortest?", "Which bar is lowest?", "What is the label of the shortest bar?", "Which one has the smallest value?",
        "Which bar has the lowest value?", "Which is the smallest bar?",
    ],
    "bar_value": [
        "What is the value of {label}?", "How high is {label}?", "What value does {label} have?", "How much is {label}?",
        "What is the value of the bar {label}?", "Read the value of {label}.",
    ],
    "bar_count": ["How many bars are there{where}?", "Count the bars.", "How many bars does the chart have?", "How many bars do you see?"],
    "bar_colour": ["What colour is the bar {label}?", "What is the colour of bar {label}?", "Which colour has the bar {label}?", "What colour is {label}?"],
    "bar_higher": ["Is {a} higher than {b}?", "Is the bar {a} taller than {b}?", "Is the value of {a} larger than that of {b}?"],
    "more": [
        "Which picture has more {kinds}?", "Which image shows more {kinds}?", "In which picture are more {kinds}?",
        "Does the first or the second picture have more {kinds}?",
    ],
    "same": ["Are the two pictures the same?", "Are both images the same?", "Are the pictures identical?", "Do the two images show the same?"],
    "same_shape": ["Do both pictures show the same shape?", "Is it the same shape in both images?", "Are the shapes the same in both pictures?"],
    "same_colour": ["Do both pictures show the same colour?", "Is it the same colour in both images?", "Are the colours the same in both pictures?"],
    "nth": ["What is in the {nth} picture?", "What does the {nth} image show?", "What shape is in the {nth} picture?", "What do you see in the {nth} image?"],
    "which_picture": ["In which picture is the {name}?", "Which picture shows {a_name}?", "Which image has {a_name}?", "Where is the {name}, in the first or the second picture?"],
    "changed": [
        "What changed?", "What is the difference?", "What has changed?", "What is different in the second picture?",
        "Compare the two pictures.", "What differs between the two images?", "Find the difference.",
    ],
    "moves": [
        "Which way does the {name} move?", "In which direction does the {name} move?", "Where does the {name} go?",
        "Which way is the {name} moving?", "In what direction does the {name} travel?", "Which direction does the {name} move in?",
    ],
    "happens": ["What happens?", "What happens in the video?", "What changes in the video?", "What changed in the video?", "Describe the video.", "What happens in these frames?"],
    "when": ["When does {event}?", "At what time does {event}?", "At which time does {event}?", "Tell me when {event_s}."],
    "it_colour": ["What colour is it?", "And its colour?", "Which colour is it?", "What is its colour?", "What colour does it have?"],
    "it_shape": ["What shape is it?", "And its shape?", "Which shape is it?", "What is its shape?"],
    "it_where": ["Where is it?", "And where is it?", "Where is it in the picture?"],
    "it_left": ["What is left of it?", "And to the left of it?", "What is to its left?"],
    "it_right": ["What is right of it?", "And to the right of it?", "What is to its right?"],
    "it_above": ["What is above it?", "And above it?"],
    "it_below": ["What is below it?", "And below it?", "What is under it?"],
    "and_kind": ["And the {kind}?", "And what about the {kind}?", "What about the {kind}?"],
}

PLACES = ("", "", "", " in the picture", " in the image", " in this picture", " here", " in this image")

UNKNOWABLE = [
    "Who took this picture?", "Who drew this?", "What is the name of the dog?", "When was this picture made?", "What is the man holding?",
    "What is the woman wearing?", "How old is the child?", "What is the capital of France?", "Where was this photo taken?",
    "What time is it?", "What is the weather like?", "How many cats are there?", "What colour is the car?", "Where is the dog?",
    "What is behind the house?", "What brand is the phone?", "What is the person doing?", "What colour are her eyes?", "Is the cat asleep?",
    "What colour is the tree?", "How much does it cost?", "Who is this?", "What is the meaning of life?", "What does it smell like?",
]
DONT_KNOW = "I don't know."

ECHOES = ("Repeat: {}", "Repeat after me: {}", "Say {}", "Write: {}", "Please repeat {}")
GREETINGS = [
    ("Hello", "Hello! Show me a picture and ask about it."),
    ("Hi", "Hello! Show me a picture and ask about it."),
    ("Hello!", "Hello! Show me a picture and ask about it."),
    ("Good morning", "Hello! Show me a picture and ask about it."),
    ("Who are you?", "I am the demo model of Moonglass. I answer simple questions about pictures."),
    ("What are you?", "I am the demo model of Moonglass. I answer simple questions about pictures."),
    ("What can you do?", "I read short texts, name shapes and colours, count, and read bar charts."),
    ("Help", "I read short texts, name shapes and colours, count, and read bar charts."),
    ("Thank you", "You are welcome."),
    ("Thanks!", "You are welcome."),
    ("What is in the picture?", "I see no picture."),
    ("Describe the image.", "I see no picture."),
    ("What colour is the circle?", "I see no picture."),
    ("Read the text.", "I see no picture."),
]

NEUTRAL_SYSTEMS = [
    "You are a helpful assistant.", "You are a careful assistant.", "Answer briefly.", "Be brief.", "You answer questions about pictures.",
    "Keep your answers short.", "You are a vision model.", "Be precise.", "You look at pictures and answer.",
]

WORDS = """
open closed stop exit enter push pull sale free new old big small hot cold fast slow coffee tea milk bread cheese apple orange lemon
water juice sugar salt pepper soup rice fish meat cake lunch dinner menu price total cash card bank post office hotel school park road
street north south east west left right up down start end home back next page book shop store market station train bus taxi plane ship
harbor bridge river lake sea island mountain forest garden flower tree leaf grass stone sand sun moon star sky cloud rain snow wind
storm summer winter spring autumn monday tuesday wednesday thursday friday saturday sunday january february march april june july
august october danger warning notice keep out private public please thank you welcome hello world good morning evening night day week
month year today tomorrow yesterday time clock early late first second third last one two three four five six seven eight nine ten
hundred music movie paper pencil letter number word line table chair door window wall floor roof house room kitchen light lamp dark
green red blue white black yellow brown grey happy quiet loud simple clear clean fresh quick safe strong warm soft hard light heavy
level zone gate platform ticket seat row area north exit lift stairs floor parking toilet staff only doctor nurse health sport game
team score goal win match power engine motor wheel speed limit signal radio phone screen print copy save file folder image video
model vector matrix token layer server client cache memory value index query result answer question report budget meeting project
""".split()
SYLLABLES = """
ba be bi bo bu ca ce co cu da de di do du fa fe fi fo ga ge go gu ha he hi ho ja jo ka ke ki ko la le li lo lu ma me mi mo mu na ne
ni no nu pa pe pi po ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo wa we wi wo ya yo za ze zo qua bra cre dri fla gle
pla pre sta ster ton ner ing ard ex un im str th sh ch ck nd rt st ly mp
""".split()
CITIES = "Paris London Berlin Madrid Rome Oslo Vienna Lisbon Prague Athens Dublin Warsaw Cairo Tokyo Delhi Lima Quito Accra Nairobi Sydney".split()
